/** The faults of the demonstration: what each does to the service. */
import type { Command, Target, Task } from "steadymix/emulator";

/** What a fault is done to. */
export interface FaultTarget {
  /** The task that is on air. */
  onAir: Target;
  /** The input channels of the broadcast's tasks. */
  inputChannels: string[];
}

export interface Fault {
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
  /** What is on air dies of it. */
  kills: boolean;
  /** What to tell the service; a rule lasts `ms`. None: there is nothing that it could be done to. */
  commands: (target: FaultTarget, ms: number) => Command[];
}

export const FAULTS: Fault[] = [
  { name: "kill", kills: true, commands: ({ onAir }) => [{ kind: "kill", ...onAir }] },
  // Query goes on saying that it runs.
  { name: "killSilently", kills: true, commands: ({ onAir }, ms) => [{ kind: "kill", ...onAir, reportLagMs: ms / 3 }] },
  { name: "forget", kills: true, commands: ({ onAir }) => [{ kind: "kill", ...onAir, forgotten: true }] },
  { name: "migrate", kills: true, commands: ({ onAir }) => [{ kind: "fail", ...onAir, recovers: true }] },
  { name: "failForGood", kills: true, commands: ({ onAir }) => [{ kind: "fail", ...onAir, recovers: false }] },
  {
    name: "createTimesOut",
    kills: true,
    commands: ({ onAir }) => [
      { kind: "addRule", rule: { call: "create", times: 4, effect: { kind: "performThenAnswer", status: 206 } } },
      { kind: "kill", ...onAir },
    ],
  },
  {
    name: "createIsLost",
    kills: true,
    commands: ({ onAir }) => [
      { kind: "addRule", rule: { call: "create", times: 1, effect: { kind: "performAndLose" } } },
      { kind: "kill", ...onAir },
    ],
  },
  {
    name: "domainDown",
    kills: false,
    commands: (_, ms) => [{ kind: "addRule", rule: { domain: "api.agora.io", effect: { kind: "refuse" } }, forMs: ms }],
  },
  {
    name: "queriesFail",
    kills: false,
    commands: (_, ms) => [
      { kind: "addRule", rule: { call: "query", effect: { kind: "answer", status: 503 } }, forMs: ms },
    ],
  },
  {
    name: "rateLimited",
    kills: false,
    commands: (_, ms) => [
      { kind: "addRule", rule: { effect: { kind: "answer", status: 429, retryAfter: "1" } }, forMs: ms },
    ],
  },
  {
    name: "hostsLeave",
    kills: false,
    commands: ({ inputChannels }) => inputChannels.map((channel) => ({ kind: "hosts", channel, present: false })),
  },
];

/** The tasks of a broadcast: the instanceIds of its lanes begin with its own. */
export function tasksOf(broadcast: string, tasks: Task[]): Task[] {
  return tasks.filter(({ instanceId }) => instanceId.replace(/-\d+-\d+$/, "") === broadcast);
}

/** The channels in which the hosts of these tasks are. */
export function inputChannelsOf(tasks: Task[]): string[] {
  return [...new Set(tasks.flatMap(({ inputChannel }) => inputChannel ?? []))];
}
