/** What the forms hold, what the routes get of it, and which field an error is about. */
import type { Services } from "steadymix";
import type { NewBroadcast } from "./api.ts";

export const SIZES = ["640×360", "1280×720", "1920×1080"] as const;
export type Size = (typeof SIZES)[number];

/** Of the payload: can be changed while it is on air. */
export interface PayloadFields {
  inputChannel: string;
  hosts: string;
  outputChannel: string;
  size: Size;
  fps: string;
  bitrate: string;
  idleTimeout: string;
}

export interface StartFields extends PayloadFields {
  id: string;
  primaryUids: string;
  backupUids: string;
  restart: NewBroadcast["restart"];
  onAir: NewBroadcast["onAir"];
}

export type FieldName = keyof StartFields;

export const PAYLOAD: PayloadFields = {
  inputChannel: "studio",
  hosts: "1",
  outputChannel: "show",
  size: "1280×720",
  fps: "15",
  bitrate: "2260",
  idleTimeout: "300",
};

export const START: StartFields = {
  ...PAYLOAD,
  id: "",
  primaryUids: "9001, 9002",
  backupUids: "9101, 9102",
  restart: "on-failure",
  onAir: "sticky",
};

/** The hosts side by side, as large as fits. */
export function servicesOf(fields: PayloadFields): Services {
  const [width = 0, height = 0] = fields.size.split("×").map(Number);
  const hosts = listOf(fields.hosts);
  const columns = Math.ceil(Math.sqrt(hosts.length)) || 1;
  const [w, h] = [Math.floor(width / columns), Math.floor(height / columns)];
  return {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout: numberOf(fields.idleTimeout),
          audioInputs: [{ rtc: { rtcChannel: fields.inputChannel, rtcUid: 0 } }],
          videoInputs: hosts.map((rtcUid, i) => ({
            rtc: { rtcChannel: fields.inputChannel, rtcUid },
            region: { x: (i % columns) * w, y: Math.floor(i / columns) * h, width: w, height: h, zOrder: 2 + i },
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
      // Without uids there is none.
      ...(backup.length > 0 ? [{ name: "backup", uids: backup }] : []),
    ],
    restart: fields.restart,
    onAir: fields.onAir,
  };
}

const OF_ERRORS: [RegExp, FieldName][] = [
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
  [/^onAir$/, "onAir"],
];

/** The field that an error's path is about, if it is one of the form's. */
export function fieldOf(path: string | undefined): FieldName | undefined {
  return path === undefined ? undefined : OF_ERRORS.find(([pattern]) => pattern.test(path))?.[1];
}

/** What is no number goes as it is: the Worker says what is wrong with it. */
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
