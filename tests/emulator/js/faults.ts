/** The faults of the demonstration: what each does to the service. */
import type { Command } from "steadymix/emulator";

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
  /** What to tell the service; `uid` is on air, and what does not end by itself lasts `ms`. */
  commands: (uid: number, ms: number) => Command[];
}

export const FAULTS: Fault[] = [
  { name: "kill", kills: true, commands: (uid) => [{ kind: "kill", uid }] },
  // Query goes on saying that it runs.
  { name: "killSilently", kills: true, commands: (uid, ms) => [{ kind: "kill", uid, reportLagMs: ms / 3 }] },
  { name: "forget", kills: true, commands: (uid) => [{ kind: "kill", uid, forgotten: true }] },
  { name: "migrate", kills: true, commands: (uid) => [{ kind: "fail", uid, recovers: true }] },
  { name: "failForGood", kills: true, commands: (uid) => [{ kind: "fail", uid, recovers: false }] },
  {
    name: "createTimesOut",
    kills: true,
    commands: (uid) => [
      { kind: "addRule", rule: { call: "create", times: 4, effect: { kind: "performThenAnswer", status: 206 } } },
      { kind: "kill", uid },
    ],
  },
  {
    name: "createIsLost",
    kills: true,
    commands: (uid) => [
      { kind: "addRule", rule: { call: "create", times: 1, effect: { kind: "performAndLose" } } },
      { kind: "kill", uid },
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
  { name: "hostsLeave", kills: false, commands: () => [{ kind: "hosts", channel: "studio", present: false }] },
];
