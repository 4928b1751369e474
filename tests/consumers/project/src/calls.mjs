/** The calls of every consumer: a task is launched and confirmed, and a viewer switches. */
export async function calls({ Supervisor, Emulator, FailoverViewer }) {
  return JSON.stringify({
    confirmed: await confirmed(Supervisor, Emulator),
    switched: await switched(FailoverViewer),
  });
}

const SPEED = 40;

async function confirmed(Supervisor, Emulator) {
  const emulator = new Emulator({ seed: 1 }, SPEED);
  const services = {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout: 300,
          audioInputs: [{ rtc: { rtcChannel: "studio", rtcUid: 0 } }],
          outputs: [{ rtc: { rtcChannel: "show" }, audioOption: { profileType: "AUDIO_PROFILE_MUSIC_STANDARD" } }],
        },
      },
    },
  };
  const supervisor = new Supervisor(
    { appId: "app", instanceId: "show", services, uids: [9001, 9002] },
    { customerId: "customer", customerSecret: "secret", fetch: emulator.fetch, timeScale: SPEED },
  );
  const events = supervisor[Symbol.asyncIterator]();
  const outcome = supervisor.run();
  for await (const event of events) {
    if (event.type === "confirmed") break;
  }
  const { uid } = emulator.state().tasks.find((task) => task.running);
  supervisor.stop();
  await outcome;
  return uid;
}

/** The viewer's result where WebAssembly is missing or forbidden. */
export async function switchedWithout(FailoverViewer) {
  return JSON.stringify({ wasm: compiles(), switched: await switched(FailoverViewer) });
}

function compiles() {
  try {
    // The smallest valid module.
    return new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** Two outputs play until the shown one leaves. */
function switched(FailoverViewer) {
  const frames = new Map();
  let emit;
  const source = {
    attach(given) {
      emit = given;
      emit({ type: "connection", state: "connected" });
      for (const uid of [1, 2]) {
        emit({ type: "joined", uid });
        emit({ type: "published", uid, kind: "video" });
      }
      return () => {};
    },
    async subscribe(uid, kind) {
      if (kind !== "video") return;
      emit({ type: "state", uid, kind, state: "decoding" });
      frames.set(
        uid,
        setInterval(() => emit({ type: "frame", uid }), 30),
      );
    },
    async unsubscribe(uid, kind) {
      if (kind === "video") clearInterval(frames.get(uid));
    },
    show() {},
  };
  return new Promise((resolve) => {
    const viewer = new FailoverViewer(source, {
      uids: [1, 2],
      onEvent: ({ type, from, to }) => {
        if (type !== "switched") return;
        clearInterval(poll);
        viewer.dispose();
        for (const timer of frames.values()) clearInterval(timer);
        resolve([from, to]);
      },
    });
    const poll = setInterval(() => {
      if (!viewer.outputs.every(({ health }) => health === "playing")) return;
      clearInterval(frames.get(1));
      emit({ type: "left", uid: 1, reason: "quit" });
    }, 50);
  });
}
