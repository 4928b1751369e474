/** The texts of the page “Try it here”, in English and Chinese. What the console says as well is imported from there. */
import type { Call, EndReason, FailReason, LaneState, LaunchReason, RetryReason, SteadymixEvent } from "steadymix";
import type { Task } from "steadymix/emulator";
import { TEXTS as CONSOLE } from "../../../console/src/texts.ts";
import { type Entry, FAULT_MS, type FaultName, type Phase } from "./tryIt.ts";

export type Language = "en" | "zh";

/** The tone of a line, which decides on its colour and its sign. */
export type Tone = "good" | "bad" | "warning" | "note" | "onAir" | "fault";

export interface Line {
  tone: Tone;
  text: string;
}

export type TaskState = NonNullable<Task["ended"]> | "running" | "notRunning";

interface Texts {
  start: string;
  stop: string;
  reset: string;
  speed: string;
  speedHint: string;
  time: string;
  phase: Record<Phase, string>;
  onAir: string;
  nothing: string;
  streams: string;
  noStream: (seconds: string) => string;
  lane: Record<string, string>;
  laneState: Record<LaneState, string>;
  generation: (generation: number) => string;
  history: (lane: string) => string;
  historyHint: string;
  faultsHint: string;
  onAirFaults: string;
  laneFaults: string;
  serviceFaults: string;
  networkFaults: string;
  faults: Record<FaultName, string>;
  clear: string;
  timeline: string;
  empty: string;
  latest: string;
  tasks: string;
  noTasks: string;
  columns: { uid: string; state: string; created: string; taskId: string };
  taskState: Record<TaskState, string>;
  stats: (calls: number, mostInASecond: number, overlaps: number) => string;
  noWebAssembly: string;
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    start: "Start",
    stop: "Stop",
    reset: "Reset",
    speed: "Speed",
    speedHint: "Simulated time relative to real time. It can be changed before the start.",
    time: "Simulated time",
    phase: { idle: "not started", running: "running", stopping: "stopping", ended: "ended" },
    onAir: CONSOLE.en.onAir,
    nothing: CONSOLE.en.nothingOnAir,
    streams: "the task publishes",
    noStream: (seconds) => `no stream for ${seconds}`,
    lane: { primary: "primary", backup: "backup" },
    laneState: CONSOLE.en.laneState,
    generation: (generation) => `launch ${generation}`,
    history: (lane) => `States of the ${lane} lane in the last five minutes`,
    historyHint: "The last five minutes of simulated time. The line at the bottom: the lane was on air.",
    faultsHint: `Faults that do not end by themselves last ${FAULT_MS / 1000} s of simulated time.`,
    onAirFaults: "The task on air",
    laneFaults: "A lane's task",
    serviceFaults: "The service",
    networkFaults: "Your server and the hosts",
    faults: {
      ...CONSOLE.en.faultNames,
      killPrimary: "Kill the primary's task",
      killBackup: "Kill the backup's task",
      createFails: "Create returns 503",
      networkLost: "Your server is offline",
      notificationsLost: "Notifications are lost",
    },
    clear: CONSOLE.en.clearFaults,
    timeline: "Timeline",
    empty: "Nothing yet: press Start.",
    latest: "The last important event",
    tasks: "Tasks in the emulator",
    noTasks: "None yet.",
    columns: { uid: "Uid", state: "State", created: "Created", taskId: "Task id" },
    taskState: {
      running: "publishes",
      notRunning: "does not publish",
      idle: "ended: no hosts",
      failed: "ended abnormally",
      stopped: "deleted",
    },
    stats: (calls, most, overlaps) =>
      `${calls} calls, at most ${most} in a second (limit 10). Two tasks with one uid: ${overlaps === 0 ? "never" : `${overlaps} times`}.`,
    noWebAssembly: "The emulator needs WebAssembly, which this browser lacks or forbids.",
  },
  zh: {
    start: "开始",
    stop: "停止",
    reset: "重置",
    speed: "速度",
    speedHint: "模拟时间相对于真实时间的倍数，开始之前可以更改。",
    time: "模拟时间",
    phase: { idle: "未开始", running: "运行中", stopping: "停止中", ended: "已结束" },
    onAir: CONSOLE.zh.onAir,
    nothing: CONSOLE.zh.nothingOnAir,
    streams: "任务正在发流",
    noStream: (seconds) => `已断流 ${seconds}`,
    lane: { primary: "主路", backup: "备路" },
    laneState: CONSOLE.zh.laneState,
    generation: (generation) => `第 ${generation} 次启动`,
    history: (lane) => `最近五分钟内${lane}的状态`,
    historyHint: "最近五分钟（模拟时间）。底部的细线表示该通道播出的时段。",
    faultsHint: `不会自行结束的故障持续 ${FAULT_MS / 1000} 秒（模拟时间）。`,
    onAirFaults: "当前播出的任务",
    laneFaults: "指定通道的任务",
    serviceFaults: "声网服务",
    networkFaults: "服务器与主播",
    faults: {
      ...CONSOLE.zh.faultNames,
      killPrimary: "主路任务异常退出",
      killBackup: "备路任务异常退出",
      createFails: "创建返回 503",
      networkLost: "服务器断网",
      notificationsLost: "消息通知丢失",
    },
    clear: CONSOLE.zh.clearFaults,
    timeline: "时间线",
    empty: "暂无内容，请点击“开始”。",
    latest: "最近的重要事件",
    tasks: "模拟器中的任务",
    noTasks: "暂无。",
    columns: { uid: "UID", state: "状态", created: "创建时间", taskId: "任务 ID" },
    taskState: {
      running: "正在发流",
      notRunning: "未发流",
      idle: "已结束：无主播",
      failed: "异常退出",
      stopped: "已销毁",
    },
    stats: (calls, most, overlaps) =>
      `共 ${calls} 次调用，每秒最多 ${most} 次（上限 10 次）。两个任务使用同一 UID：${overlaps === 0 ? "从未发生" : `${overlaps} 次`}。`,
    noWebAssembly: "模拟器需要 WebAssembly，当前浏览器不支持或已禁用。",
  },
};

/** The words of the sentences about events. */
interface Words {
  seconds: (ms: number) => string;
  calls: Record<Call, string>;
  retryReasons: Record<RetryReason, string>;
  launchReasons: Record<LaunchReason, string>;
  endReasons: Record<EndReason, string>;
  failReasons: Record<FailReason, string>;
}

const rounded = (ms: number) => (ms / 1000).toFixed(ms < 9950 && ms % 1000 !== 0 ? 1 : 0);

const WORDS: Record<Language, Words> = {
  en: {
    seconds: (ms) => `${rounded(ms)} s`,
    calls: {
      acquire: "Acquire",
      create: "Create",
      query: "Query",
      update: "Update",
      delete: "Delete",
      presence: "The presence check",
      rtcToken: "The RTC token callback",
    },
    retryReasons: {
      timedOut: "was answered 206: it may have been carried out",
      notCompleted: "was answered with code 65: it may have been carried out",
      serverError: "was answered 50x",
      accepted: "was answered 202: not done yet",
      notFound: "was answered 404",
      refused: "was refused",
      rateLimited: "was answered 429: too many calls",
      dns: "got no answer: the domain was not found",
      unreachable: "got no answer: no connection",
      noAnswer: "got no answer in time",
      malformed: "got an invalid answer",
      notSent: "was not sent: too late",
      notPersisted: "was not sent: the snapshot was not stored",
      tokenFailed: "failed",
    },
    launchReasons: {
      start: "the broadcast starts",
      acquireExhausted: "no attempt is left for the previous Acquire",
      createExhausted: "no attempt is left for the previous Create, whose outcome is unknown",
      createRefused: "the previous launch was refused",
      didNotStart: "the previous task did not start",
      ended: "the previous task has ended",
      notFound: "the service does not know the previous task any more",
      abnormal: "the previous task failed",
      absent: "the previous uid left the channel",
      taskIdUnknown: "the id of the previous task is unknown",
      updated: "the payload was changed",
    },
    endReasons: {
      normal: "it went idle, or somebody deleted it",
      failed: "it failed",
      notFound: "the service does not know it any more",
      absent: "its uid left the channel",
    },
    failReasons: {
      wrongParameters: "the service refused the payload",
      wrongCredentials: "the service refused the credentials",
      noFreeUid: "no uid is free",
      notRestarted: "the task has ended normally, and is not relaunched",
    },
  },
  zh: {
    seconds: (ms) => `${rounded(ms)} 秒`,
    calls: {
      acquire: "获取 builderToken",
      create: "创建",
      query: "查询",
      update: "更新",
      delete: "销毁",
      presence: "在线检查",
      rtcToken: "生成 RTC Token",
    },
    retryReasons: {
      timedOut: "返回 206，结果未知",
      notCompleted: "返回 code 65，结果未知",
      serverError: "返回 50x",
      accepted: "返回 202，尚未完成",
      notFound: "返回 404",
      refused: "被拒绝",
      rateLimited: "返回 429，调用过于频繁",
      dns: "无响应：域名解析失败",
      unreachable: "无响应：无法建立连接",
      noAnswer: "超时无响应",
      malformed: "返回无效的响应",
      notSent: "未发出：已超过时限",
      notPersisted: "未发出：快照保存失败",
      tokenFailed: "失败",
    },
    launchReasons: {
      start: "直播开始",
      acquireExhausted: "上一次获取的重试次数已用尽",
      createExhausted: "上一次创建的重试次数已用尽，结果未知",
      createRefused: "上一次启动被拒绝",
      didNotStart: "上一个任务未能启动",
      ended: "上一个任务已结束",
      notFound: "上一个任务已不存在",
      abnormal: "上一个任务异常退出",
      absent: "上一个 UID 已退出频道",
      taskIdUnknown: "上一个任务的 ID 未知",
      updated: "任务参数已更改",
    },
    endReasons: {
      normal: "空闲超时，或被销毁",
      failed: "异常退出",
      notFound: "任务已不存在",
      absent: "UID 已退出频道",
    },
    failReasons: {
      wrongParameters: "任务参数被拒绝",
      wrongCredentials: "凭证被拒绝",
      noFreeUid: "没有可用的 UID",
      notRestarted: "任务正常结束，不再重启",
    },
  },
};

/** An event in plain words; `undefined` for events that the page does not show. */
export function sentence(event: SteadymixEvent, language: Language): Line | undefined {
  const words = WORDS[language];
  const { seconds } = words;
  const isEnglish = language === "en";
  const line = (tone: Tone, english: string, chinese: string): Line => ({ tone, text: isEnglish ? english : chinese });
  const uid = event.uid ?? "?";
  switch (event.type) {
    case "launching": {
      const reason = words.launchReasons[event.reason];
      return line("note", `Launches a task with uid ${uid}: ${reason}.`, `启动任务，UID ${uid}：${reason}。`);
    }
    case "retrying": {
      const failure = isEnglish
        ? `${words.calls[event.call]} ${words.retryReasons[event.reason]}`
        : `${words.calls[event.call]}${words.retryReasons[event.reason]}`;
      return event.waitMs === undefined
        ? line("warning", `${failure}. No attempt is left.`, `${failure}，重试次数已用尽。`)
        : line(
            "warning",
            `${failure}. Next attempt in ${seconds(event.waitMs)}.`,
            `${failure}，${seconds(event.waitMs)}后重试。`,
          );
    }
    case "created":
      return line("note", `The service has created a task with uid ${uid}.`, `任务已创建，UID ${uid}。`);
    case "confirmed":
      return line("good", `Query confirms that uid ${uid} runs.`, `查询确认 UID ${uid} 正在运行。`);
    case "suspect":
      return line("warning", `The task with uid ${uid} may be gone.`, `UID ${uid} 的任务可能已退出。`);
    case "recovered":
      return line("good", `The task with uid ${uid} still runs.`, `UID ${uid} 的任务仍在运行。`);
    case "ended": {
      const reason = words.endReasons[event.reason];
      return line("bad", `The task with uid ${uid} has ended: ${reason}.`, `UID ${uid} 的任务已结束：${reason}。`);
    }
    case "uidSwitched":
      return line(
        "note",
        `The next task uses uid ${event.to} instead of ${event.from}.`,
        `下一个任务使用 UID ${event.to}，不再使用 ${event.from}。`,
      );
    case "noFreeUid":
      return line(
        "warning",
        `Each uid may still have a live task. Checks again in ${seconds(event.waitMs)}.`,
        `每个 UID 都可能有运行中的任务，${seconds(event.waitMs)}后再次检查。`,
      );
    case "relaunched":
      return line(
        "good",
        `Uid ${uid} has replaced uid ${event.previousUid}, which was last confirmed ${seconds(event.downtimeMs)} before.`,
        `UID ${uid} 已替换 UID ${event.previousUid}，距上次确认其运行 ${seconds(event.downtimeMs)}。`,
      );
    case "domainSwitched":
      return line(
        "warning",
        `Calls go to ${event.to} instead of ${event.from}.`,
        `调用切换到 ${event.to}，不再使用 ${event.from}。`,
      );
    case "taskIdUnknown":
      return line(
        "warning",
        `A task with uid ${uid} runs, but its id is unknown.`,
        `UID ${uid} 的任务正在运行，但任务 ID 未知。`,
      );
    case "taskIdLearned":
      return event.by === "notification"
        ? line("good", `A notification has named the task with uid ${uid}.`, `消息通知给出了 UID ${uid} 的任务 ID。`)
        : line("good", `A late answer has named the task with uid ${uid}.`, `迟到的响应给出了 UID ${uid} 的任务 ID。`);
    case "callRejected": {
      const call = words.calls[event.call];
      const status = event.status ?? "";
      return line("bad", `${call} was refused: ${status}.`, `${call}被拒绝：${status}。`);
    }
    case "updated":
      return line("good", `The task with uid ${uid} has the new payload.`, `UID ${uid} 的任务已更新。`);
    case "removed":
      return line("note", `The task with uid ${uid} has been removed.`, `UID ${uid} 的任务已清理。`);
    case "orphaned":
      return line(
        "bad",
        `A task with uid ${uid} may still run, and could not be deleted.`,
        `UID ${uid} 的任务可能仍在运行，且未能销毁。`,
      );
    case "onAir":
      return event.toUid === undefined
        ? line("bad", "Nothing is on air.", "没有可播出的输出流。")
        : line(
            "onAir",
            `On air: uid ${event.toUid}. Viewers switch to it.`,
            `播出 UID ${event.toUid}，观众端切换到该输出流。`,
          );
    case "stopping":
      return line("note", "Stopping: the tasks are deleted.", "正在停止，销毁任务。");
    case "stopped":
      return line("note", "Stopped: no task of this lane is left.", "已停止，该通道没有遗留任务。");
    case "failed":
    case "alreadyEnded": {
      const reason = event.type === "failed" ? `: ${words.failReasons[event.reason]}` : "";
      return line("bad", `The lane is over${reason}.`, `通道已结束${reason.replace(": ", "：")}。`);
    }
    case "permitFailed":
    case "permitRecovered":
      return undefined;
  }
}

/** A line of the timeline in plain words. */
export function lineOf({ what }: Entry, language: Language): Line | undefined {
  const isEnglish = language === "en";
  switch (what.type) {
    case "event":
      return sentence(what.event, language);
    case "fault": {
      const name = TEXTS[language].faults[what.name];
      if (what.isApplied) return { tone: "fault", text: isEnglish ? `You: ${name}` : `注入故障：${name}` };
      return {
        tone: "note",
        text: isEnglish ? `“${name}” has nothing to apply to now.` : `“${name}”当前没有作用对象。`,
      };
    }
    case "cleared":
      return {
        tone: "fault",
        text: isEnglish ? "You: all faults are cleared." : "所有故障已清除。",
      };
    case "hidden":
      return {
        tone: "warning",
        text: isEnglish
          ? "Ended, because the page went to the background, where browsers slow timers down."
          : "页面进入后台后浏览器会降低定时器精度，因此已结束。",
      };
  }
}
