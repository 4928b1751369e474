/**
 * A sample broadcast and faults for demos and tests with the emulator. It contains no WebAssembly, so programs that use an
 * emulator over the network stay small.
 */
import { asText, memberOf, shown, uint32 } from "../check.js";
import { invalid } from "../errors.js";
import { groupOf } from "../instanceId.js";
import type { LaneOptions, Services } from "../types.js";
import type { Command, Target, Task } from "./contract.js";

/**
 * The payload of a sample broadcast: all audio of the channel `studio` and the video of its host 1, mixed into the channel
 * `show`. `idleTimeout` is in s.
 */
export function sampleServices(idleTimeout = 300): Services {
  return {
    cloudTranscoder: {
      serviceType: "cloudTranscoderV2",
      config: {
        transcoder: {
          idleTimeout: uint32("idleTimeout", idleTimeout),
          audioInputs: [{ rtc: { rtcChannel: "studio", rtcUid: 0 } }],
          videoInputs: [
            { rtc: { rtcChannel: "studio", rtcUid: 1 }, region: { x: 0, y: 0, width: 1280, height: 720, zOrder: 2 } },
          ],
          canvas: { width: 1280, height: 720, color: 0 },
          outputs: [
            {
              rtc: { rtcChannel: "show" },
              audioOption: { profileType: "AUDIO_PROFILE_MUSIC_STANDARD" },
              videoOption: { width: 1280, height: 720, bitrate: 2260, codec: "H264", fps: 15 },
            },
          ],
        },
      },
    },
  };
}

/** The lanes of the sample broadcast: a primary and a backup. */
export const SAMPLE_LANES: LaneOptions[] = [
  { name: "primary", uids: [9001, 9002] },
  { name: "backup", uids: [9101, 9102] },
];

/** The target of a fault. */
export interface FaultTarget {
  /** The task that is on air. */
  onAir: Target;
  /** The input channels of the broadcast's tasks: see `inputChannelsOf`. */
  inputChannels: string[];
}

/** A fault of the service. */
export interface Fault {
  /** Identifies the fault. */
  name:
    | "kill"
    | "killSilently"
    | "forget"
    | "migrate"
    | "failForGood"
    | "createTimesOut"
    | "createIsLost"
    | "domainDown"
    | "queriesFail"
    | "rateLimited"
    | "hostsLeave";
  /** Whether the output that is on air loses its stream. */
  kills: boolean;
  /** The commands for `Emulator.control`. Rules last `ms`. Empty if the fault does not apply to this broadcast. */
  commands: (target: FaultTarget, ms: number) => Command[];
}

/** Faults that a broadcast with a primary and a backup survives. */
export const FAULTS: Fault[] = [
  { name: "kill", kills: true, commands: ({ onAir }) => [{ type: "kill", ...onAir }] },
  // Query still reports that it runs.
  {
    name: "killSilently",
    kills: true,
    commands: ({ onAir }, ms) => [{ type: "kill", ...onAir, reportLagMs: Math.round(ms / 3) }],
  },
  { name: "forget", kills: true, commands: ({ onAir }) => [{ type: "kill", ...onAir, forgotten: true }] },
  { name: "migrate", kills: true, commands: ({ onAir }) => [{ type: "fail", ...onAir, recovers: true }] },
  { name: "failForGood", kills: true, commands: ({ onAir }) => [{ type: "fail", ...onAir, recovers: false }] },
  {
    name: "createTimesOut",
    kills: true,
    commands: ({ onAir }) => [
      { type: "addRule", rule: { call: "create", times: 4, effect: { type: "performThenAnswer", status: 206 } } },
      { type: "kill", ...onAir },
    ],
  },
  {
    name: "createIsLost",
    kills: true,
    commands: ({ onAir }) => [
      { type: "addRule", rule: { call: "create", times: 1, effect: { type: "performAndLose" } } },
      { type: "kill", ...onAir },
    ],
  },
  {
    name: "domainDown",
    kills: false,
    commands: (_, ms) => [{ type: "addRule", rule: { domain: "api.agora.io", effect: { type: "refuse" } }, forMs: ms }],
  },
  {
    name: "queriesFail",
    kills: false,
    commands: (_, ms) => [
      { type: "addRule", rule: { call: "query", effect: { type: "answer", status: 503 } }, forMs: ms },
    ],
  },
  {
    name: "rateLimited",
    kills: false,
    commands: (_, ms) => [
      { type: "addRule", rule: { effect: { type: "answer", status: 429, retryAfter: "1" } }, forMs: ms },
    ],
  },
  {
    name: "hostsLeave",
    kills: false,
    commands: ({ inputChannels }) => inputChannels.map((channel) => ({ type: "hosts", channel, present: false })),
  },
];

/** Selects the tasks of the group with this `instanceId`. On Cloudflare, that is the broadcast's id. */
export function tasksOf(instanceId: string, tasks: Task[]): Task[] {
  const group = asText("instanceId", instanceId);
  return checked(tasks).filter((task) => groupOf(task.instanceId) === group);
}

/** The input channels of these tasks. */
export function inputChannelsOf(tasks: Task[]): string[] {
  return [...new Set(checked(tasks).flatMap(({ inputChannel }) => inputChannel ?? []))];
}

/** Throws `INVALID_OPTIONS` unless the value is an array of tasks. */
function checked(tasks: unknown): Task[] {
  if (isArray(tasks) && tasks.every((task) => typeof memberOf(task, "instanceId") === "string")) return tasks as Task[];
  throw invalid("INVALID_OPTIONS", "tasks", shown(tasks), "an array of tasks, such as Emulator.state().tasks");
}

function isArray(value: unknown): value is unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    // A revoked proxy.
    return false;
  }
}
