/** The fields of the forms, their conversion from and to payloads, and the field that an error is about. */
import type { Region, Services } from "steadymix";
import type { NewBroadcast } from "steadymix/cloudflare/routes";

export const SIZES = ["640×360", "1280×720", "1920×1080"];

/** The fields of the payload. They can be changed while the broadcast is on air. */
export interface PayloadFields {
  inputChannel: string;
  hosts: string;
  outputChannel: string;
  size: string;
  fps: string;
  bitrate: string;
  idleTimeout: string;
}

export interface StartFields extends PayloadFields, Required<Pick<NewBroadcast, "id" | "restart" | "onAirPolicy">> {
  primaryUids: string;
  backupUids: string;
}

export type FieldName = keyof StartFields;

export const DEFAULT_PAYLOAD: PayloadFields = {
  inputChannel: "studio",
  hosts: "1",
  outputChannel: "show",
  size: "1280×720",
  fps: "15",
  bitrate: "2260",
  idleTimeout: "300",
};

export const DEFAULTS: StartFields = {
  ...DEFAULT_PAYLOAD,
  id: "",
  primaryUids: "9001, 9002",
  backupUids: "9101, 9102",
  restart: "on-failure",
  onAirPolicy: "sticky",
};

/** The fields of a payload. Empty where the payload has no value. */
export function fieldsOf({ cloudTranscoder }: Services): PayloadFields {
  const { audioInputs, videoInputs, canvas, outputs, idleTimeout } = cloudTranscoder.config.transcoder;
  const hosts = (videoInputs ?? []).flatMap(({ rtc }) => rtc ?? []);
  const output = outputs.find(({ rtc }) => rtc);
  return {
    inputChannel: [...hosts, ...(audioInputs ?? []).flatMap(({ rtc }) => rtc ?? [])][0]?.rtcChannel ?? "",
    hosts: hosts.map(({ rtcUid }) => rtcUid).join(", "),
    outputChannel: output?.rtc?.rtcChannel ?? "",
    size: canvas ? `${canvas.width}×${canvas.height}` : "",
    fps: `${output?.videoOption?.fps ?? ""}`,
    bitrate: `${output?.videoOption?.bitrate ?? ""}`,
    idleTimeout: `${idleTimeout ?? ""}`,
  };
}

/** The payload with these fields. Everything else is kept, including values that the Worker has redacted. */
export function withFields(services: Services, fields: PayloadFields): Services {
  const before = fieldsOf(services);
  const differs = (name: keyof PayloadFields) => fields[name] !== before[name];
  const next = structuredClone(services);
  const { transcoder } = next.cloudTranscoder.config;
  const output = transcoder.outputs.find(({ rtc }) => rtc) ?? {};
  if (differs("idleTimeout")) transcoder.idleTimeout = numberOf(fields.idleTimeout);
  if (differs("fps")) output.videoOption = { ...output.videoOption, fps: numberOf(fields.fps) };
  if (differs("bitrate")) output.videoOption = { ...output.videoOption, bitrate: numberOf(fields.bitrate) };
  if (differs("size")) {
    const [width, height] = sizeOf(fields.size);
    transcoder.canvas = { color: 0, ...transcoder.canvas, width, height };
    output.videoOption = { ...output.videoOption, width, height };
  }
  if (differs("hosts") || differs("size")) {
    const videoInputs = transcoder.videoInputs ?? [];
    const previous = videoInputs.filter(({ rtc }) => rtc);
    const hosts = sideBySide(listOf(fields.hosts), fields.size).map(([rtcUid, region], i) => {
      const same = previous.find(({ rtc }) => rtc?.rtcUid === rtcUid);
      // A token for inputs is valid for all of them.
      const rtc = same?.rtc ?? { rtcChannel: before.inputChannel, ...previous[0]?.rtc, rtcUid };
      return { ...same, rtc, region: { zOrder: 2 + i, ...same?.region, ...region } };
    });
    transcoder.videoInputs = [...hosts, ...videoInputs.filter(({ rtc }) => !rtc)];
  }
  if (differs("inputChannel")) {
    for (const { rtc } of [...(transcoder.audioInputs ?? []), ...(transcoder.videoInputs ?? [])]) {
      if (rtc) rtc.rtcChannel = fields.inputChannel;
    }
  }
  return next;
}

export function servicesOf(fields: PayloadFields): Services {
  const [width, height] = sizeOf(fields.size);
  return {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout: numberOf(fields.idleTimeout),
          audioInputs: [{ rtc: { rtcChannel: fields.inputChannel, rtcUid: 0 } }],
          videoInputs: sideBySide(listOf(fields.hosts), fields.size).map(([rtcUid, region], i) => ({
            rtc: { rtcChannel: fields.inputChannel, rtcUid },
            region: { ...region, zOrder: 2 + i },
          })),
          canvas: { width, height, color: 0 },
          outputs: [
            {
              rtc: { rtcChannel: fields.outputChannel },
              audioOption: { profileType: "AUDIO_PROFILE_MUSIC_STANDARD" },
              videoOption: {
                width,
                height,
                bitrate: numberOf(fields.bitrate),
                codec: "H264",
                fps: numberOf(fields.fps),
              },
            },
          ],
        },
      },
    },
  };
}

export function broadcastOf(fields: StartFields): NewBroadcast {
  const backup = listOf(fields.backupUids);
  return {
    id: fields.id.trim(),
    services: servicesOf(fields),
    lanes: [
      { name: "primary", uids: listOf(fields.primaryUids) },
      ...(backup.length > 0 ? [{ name: "backup", uids: backup }] : []),
    ],
    restart: fields.restart,
    onAirPolicy: fields.onAirPolicy,
  };
}

/** A region for each host, as large as possible. */
function sideBySide(hosts: number[], size: string): [number, Region][] {
  const [width, height] = sizeOf(size);
  const columns = Math.ceil(Math.sqrt(hosts.length)) || 1;
  const [w, h] = [Math.floor(width / columns), Math.floor(height / columns)];
  return hosts.map((uid, i) => [uid, { x: (i % columns) * w, y: Math.floor(i / columns) * h, width: w, height: h }]);
}

function sizeOf(size: string): [number, number] {
  const [width = 0, height = 0] = size.split("×").map(Number);
  return [width, height];
}

const FIELD_OF_PATH: [RegExp, FieldName][] = [
  [/^id$/, "id"],
  [/^lanes\[0\]/, "primaryUids"],
  [/^lanes\[1\]/, "backupUids"],
  [/outputs\[0\].*rtcChannel/, "outputChannel"],
  [/(audioInputs|videoInputs).*rtcChannel/, "inputChannel"],
  [/videoInputs/, "hosts"],
  [/audioInputs/, "inputChannel"],
  [/\.fps$/, "fps"],
  [/\.bitrate$/, "bitrate"],
  [/idleTimeout$/, "idleTimeout"],
  [/(width|height)$/, "size"],
  [/^restart$/, "restart"],
  [/^onAirPolicy$/, "onAirPolicy"],
];

/** The form field for the path of an error. `undefined` if the form has none. */
export function fieldOf(path: string | undefined): FieldName | undefined {
  return path === undefined ? undefined : FIELD_OF_PATH.find(([pattern]) => pattern.test(path))?.[1];
}

/** Returns input that is not a number unchanged: the Worker's error names it. */
function numberOf(text: string): number {
  const trimmed = text.trim();
  return (trimmed !== "" && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed) as number;
}

function listOf(text: string): number[] {
  return text
    .split(/[\s,，]+/)
    .filter((word) => word !== "")
    .map(numberOf);
}
