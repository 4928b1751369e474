/** Formats events as readable lines. */
import type { LaunchReason, RetryReason, SteadymixEvent } from "../../types.js";

export type Colour = "red" | "green" | "yellow" | "blue" | "grey" | "bold";

const CODES: Record<Colour, number> = { red: 31, green: 32, yellow: 33, blue: 36, grey: 90, bold: 1 };

/** Returns a function that colours text, or leaves it as it is unless `enabled`. */
export function painter(enabled: boolean): (colour: Colour, text: string) => string {
  return (colour, text) => (enabled ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

const REASONS: Record<RetryReason, string> = {
  timedOut: "answered 206, outcome unknown",
  notCompleted: "answered code 65, outcome unknown",
  serverError: "answered 5xx",
  accepted: "answered 202, not completed yet",
  notFound: "answered 404",
  refused: "was refused",
  rateLimited: "answered 429, too many calls",
  dns: "got no answer: name not found",
  unreachable: "got no answer: no connection",
  noAnswer: "got no answer",
  malformed: "got an invalid answer",
  notSent: "was not sent: too late",
  notPersisted: "was not sent: the snapshot was not saved",
  tokenFailed: "got no RTC token",
};

const CAUSES: Record<LaunchReason, string> = {
  start: "the broadcast begins",
  acquireExhausted: "no builder token was available",
  createExhausted: "the outcome of its Create is unknown",
  createRefused: "its Create was refused",
  didNotStart: "the task did not start",
  ended: "the task ended",
  notFound: "the task no longer exists",
  abnormal: "the task exited unexpectedly",
  absent: "its uid left the channel",
  taskIdUnknown: "the task id is unknown",
  updated: "a new payload needs another task",
};

const seconds = (ms: number) => `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
const name = (call: string) => call.charAt(0).toUpperCase() + call.slice(1);

/** An event as a sign, a colour and a sentence; undefined for events that are not shown. */
export function sentence(event: SteadymixEvent): [sign: string, colour: Colour, text: string] | undefined {
  const uid = event.uid === undefined ? "" : `uid ${event.uid}`;
  switch (event.type) {
    case "launching":
      return ["▶", "blue", `launch ${event.generation} under ${uid}: ${CAUSES[event.reason]}`];
    case "retrying": {
      const then = event.waitMs === undefined ? "no retry is left" : `again in ${seconds(event.waitMs)}`;
      return ["↻", "yellow", `${name(event.call)} ${REASONS[event.reason]}; ${then}`];
    }
    case "created":
      return ["·", "grey", `accepted by the service: ${event.taskId}`];
    case "confirmed":
      return ["✔", "green", `${uid} runs, confirmed by Query after ${seconds(event.tookMs)}`];
    case "suspect":
      return ["?", "yellow", `${uid} may be gone`];
    case "recovered":
      return ["✔", "green", `${uid} runs after all`];
    case "ended":
      return ["✖", "red", `${uid} has ended`];
    case "uidSwitched":
      return ["⇄", "blue", `changes from uid ${event.from} to uid ${event.to}`];
    case "noFreeUid":
      return ["…", "yellow", `a task may still run under every uid; checks again in ${seconds(event.waitMs)}`];
    case "relaunched":
      return [
        "✔",
        "green",
        `${uid} replaces uid ${event.previousUid}; last seen running ${seconds(event.downtimeMs)} before`,
      ];
    case "domainSwitched":
      return ["⇄", "blue", `calls ${event.to} instead of ${event.from}`];
    case "taskIdUnknown":
      return ["?", "yellow", `${uid} runs, but its task id is unknown`];
    case "taskIdLearned":
      return [
        "✔",
        "green",
        `${event.taskId} was named by ${event.by === "notification" ? "a notification" : "a late answer"}`,
      ];
    case "callRejected": {
      const details = [event.status, event.message].filter((part) => part !== undefined).join(" ");
      return ["✖", "red", `${name(event.call)} was refused: ${details} (request ${event.requestId ?? "unknown"})`];
    }
    case "updated":
      return ["✔", "green", `${uid} has the new layout`];
    case "removed":
      return ["·", "grey", `${event.taskId ?? uid} is no longer needed, and gone`];
    case "orphaned":
      return ["!", "red", `${event.taskId ?? event.instanceId} may still run under ${uid}: delete it by hand`];
    case "onAir":
      return event.toUid === undefined
        ? ["○", "red", "nothing is on air"]
        : ["●", "bold", `ON AIR: uid ${event.toUid} (${event.toLane})`];
    case "stopping":
      return undefined;
    case "stopped":
      return ["■", "grey", "stopped"];
    case "failed":
      return ["■", "red", `gave up: ${event.reason}`];
    case "alreadyEnded":
      return ["■", "red", "had ended before it was restored: nothing is launched"];
  }
}

export const LEGEND = [
  ["▶", "a task is launched"],
  ["↻", "a call is retried"],
  ["✔", "confirmed to run"],
  ["⇄", "another uid or domain"],
  ["●", "what viewers see"],
] as const;

/** Minutes and seconds, as `01:23`. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  return `${String(Math.floor(total / 60)).padStart(2, "0")}:${String(total % 60).padStart(2, "0")}`;
}

/** Breaks text into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
