/** The media of one output: a picture with a frame counter, and a soft tone. */
export class Studio {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack;
  readonly #context: CanvasRenderingContext2D;
  readonly #label: string;
  readonly #hue: number;
  readonly #stop: () => void;
  #frame = 0;

  constructor({ label, hue, hertz, fps, audio, ...line }: StudioOptions) {
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const context = canvas.getContext("2d", { alpha: false });
    if (!context) throw new Error("this browser cannot paint on a canvas");
    this.#context = context;
    this.#label = label;
    this.#hue = hue;
    this.#paint();
    const stopPainting = paintEvery(1000 / fps, line, () => this.#paint());
    const [video] = canvas.captureStream().getVideoTracks();
    if (!video) throw new Error("this browser cannot capture a canvas");
    this.video = video;
    const tone = new Tone(audio, hertz);
    this.audio = tone.track;
    this.#stop = () => {
      stopPainting();
      tone.stop();
      video.stop();
    };
  }

  stop(): void {
    this.#stop();
  }

  #paint(): void {
    const context = this.#context;
    const seconds = performance.now() / 1000;
    this.#frame += 1;
    context.fillStyle = `hsl(${this.#hue} 45% 24%)`;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    // All outputs carry the same show: the ball is at the same place in each of them.
    context.fillStyle = `hsl(${this.#hue} 80% 62%)`;
    context.beginPath();
    const x = WIDTH / 2 + Math.sin(seconds * 1.4) * WIDTH * 0.38;
    const y = HEIGHT * 0.56 - Math.abs(Math.sin(seconds * 2.8)) * HEIGHT * 0.3;
    context.arc(x, y, 26, 0, Math.PI * 2);
    context.fill();
    context.fillStyle = "#fff";
    context.font = "600 30px system-ui, sans-serif";
    context.fillText(this.#label, 20, 44);
    context.font = "600 44px ui-monospace, monospace";
    context.textAlign = "right";
    context.fillText(String(this.#frame).padStart(6, "0"), WIDTH - 20, HEIGHT - 28);
    context.textAlign = "left";
    context.font = "24px ui-monospace, monospace";
    context.fillText(new Date().toISOString().slice(11, 21), 20, HEIGHT - 30);
  }
}

/** The faults of a line. */
export interface Line {
  /** The largest deviation of a frame from its scheduled time, in both directions. */
  jitterMs?: number;
  /** Stalls of up to `ms`, on average one in `everyMs`. */
  stalls?: { everyMs: number; ms: number };
  /** The share of frames that are lost. */
  lostPercent?: number;
}

export interface StudioOptions extends Line {
  label: string;
  hue: number;
  hertz: number;
  fps: number;
  audio: AudioContext;
}

const WIDTH = 640;
const HEIGHT = 360;

/** Each frame has a scheduled time, so the delays of timers do not add up. */
function paintEvery(
  intervalMs: number,
  { jitterMs = 0, stalls, lostPercent = 0 }: Line,
  paint: () => void,
): () => void {
  const began = performance.now();
  let frame = 0;
  let timer = 0;
  let silentUntil = 0;
  const next = () => {
    frame = Math.max(frame + 1, Math.ceil((performance.now() - began) / intervalMs));
    if (stalls && Math.random() < intervalMs / stalls.everyMs) {
      silentUntil = performance.now() + Math.random() * stalls.ms;
    }
    const at = Math.max(silentUntil, began + frame * intervalMs + (Math.random() * 2 - 1) * jitterMs);
    timer = window.setTimeout(
      () => {
        if (Math.random() * 100 >= lostPercent) paint();
        next();
      },
      Math.max(0, at - performance.now()),
    );
  };
  next();
  return () => window.clearTimeout(timer);
}

class Tone {
  readonly track: MediaStreamTrack;
  readonly #oscillator: OscillatorNode;

  constructor(context: AudioContext, hertz: number) {
    this.#oscillator = new OscillatorNode(context, { frequency: hertz });
    const destination = new MediaStreamAudioDestinationNode(context);
    this.#oscillator.connect(new GainNode(context, { gain: 0.05 })).connect(destination);
    this.#oscillator.start();
    const [track] = destination.stream.getAudioTracks();
    if (!track) throw new Error("this browser cannot make a sound");
    this.track = track;
  }

  stop(): void {
    this.#oscillator.stop();
    this.track.stop();
  }
}
