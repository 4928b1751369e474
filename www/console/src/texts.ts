/** The texts of the console, in English and Chinese. */
import type { LaneStatus, LaneUpdate } from "steadymix";
import type { BroadcastState } from "steadymix/cloudflare/routes";
import type { Fault } from "steadymix/emulator/scenarios";
import type { Language } from "../../shared/language.ts";
import type { FieldName, StartFields } from "./form.ts";

export interface Texts {
  otherLanguage: string;
  title: string;
  key: string;
  keyHint: string;
  enter: string;
  leave: string;
  wrongKey: string;
  unreachable: string;
  broadcasts: string;
  none: string;
  startNew: string;
  start: string;
  update: string;
  updateHint: string;
  /** How a new payload is applied in a lane. */
  updateVia: Record<LaneUpdate["via"], string>;
  payloadsDiffer: string;
  stop: string;
  stopSure: (id: string) => string;
  watch: string;
  popUpBlocked: string;
  notFound: (id: string) => string;
  fields: Record<FieldName, string>;
  fieldHints: Partial<Record<FieldName, string>>;
  restarts: Record<StartFields["restart"], string>;
  onAirPolicies: Record<StartFields["onAirPolicy"], string>;
  mustBe: (allowed: string) => string;
  state: Record<BroadcastState, string>;
  laneState: Record<LaneStatus["state"], string>;
  onAir: string;
  nothingOnAir: string;
  generation: string;
  lastConfirmed: string;
  lastProblem: string;
  secondsAgo: (seconds: number) => string;
  /** The data below is outdated. Its age follows. */
  stale: string;
  quotaFailed: string;
  never: string;
  viewers: string;
  tasks: string;
  output: string;
  timelineHint: string;
  quota: string;
  callsPerSecond: (peak: number) => string;
  peakOfCalls: (peak: number) => string;
  pcw: string;
  waiting: string;
  events: string;
  noEvents: string;
  columns: { time: string; lane: string; uid: string; event: string };
  faults: string;
  faultsHint: string;
  faultNames: Record<Fault["name"], string>;
  clearFaults: string;
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    otherLanguage: "中文",
    title: "Steadymix console",
    key: "Operator key",
    keyHint: "One of the Worker's OPERATOR_KEYS. It is kept in this tab only.",
    enter: "Enter",
    leave: "Leave",
    wrongKey: "The Worker does not accept this key.",
    unreachable: "The Worker does not answer:",
    broadcasts: "Broadcasts",
    none: "None yet.",
    startNew: "Start a broadcast",
    start: "Start",
    update: "Change the payload",
    updateHint:
      "Hosts, their channel, frame rate and bit rate change in the running task. Another picture size or idle limit needs a " +
      "new task: it starts under another uid of the lane, and replaces the running task once it runs. Later tasks use the " +
      "new payload too. The output uids, the output channel and settings that are not shown here stay the same. If the " +
      "hosts or the picture size change, the hosts are laid out side by side.",
    updateVia: {
      update: "The running task is updated. A task that is being launched is updated once it runs.",
      relaunch: "A new task with this payload starts under another uid. Once it runs, it replaces the running task.",
      launch: "No task is running. The next one starts with this payload.",
      nothing: "No change: the lane already has this payload.",
    },
    payloadsDiffer: "The payload cannot be changed here: the lanes have different ones.",
    stop: "Stop",
    stopSure: (id) => `End ${id} for good? Its tasks are deleted, and its id cannot be used again.`,
    watch: "Watch",
    popUpBlocked: "The browser blocked the viewer's window: allow pop-ups for this page.",
    notFound: (id) => `There is no broadcast ${id}. Ended broadcasts are deleted after a while.`,
    fields: {
      id: "Id",
      primaryUids: "Output uids of the primary",
      backupUids: "Output uids of the backup",
      inputChannel: "Channel of the hosts",
      hosts: "Uids of the hosts in the picture",
      outputChannel: "Output channel",
      size: "Picture size",
      fps: "Frames per second",
      bitrate: "Bit rate (kbit/s)",
      idleTimeout: "Idle limit (s)",
      restart: "When a task ends, relaunch",
      onAirPolicy: "Output on air",
    },
    fieldHints: {
      id: "1 to 50 letters, digits, - and _; used once",
      primaryUids: "two or more, used in turn",
      backupUids: "two or more, used in turn; leave empty for no backup",
      idleTimeout: "a task ends when all hosts are away for this long",
    },
    restarts: { "on-failure": "if it failed", always: "always", never: "never" },
    onAirPolicies: { sticky: "keep the current one", "prefer-primary": "prefer the primary" },
    mustBe: (allowed) => `must be ${allowed}`,
    state: {
      starting: "starting",
      live: "live",
      offAir: "off air",
      stopping: "stopping",
      ended: "ended",
      failed: "failed",
    },
    laneState: {
      launching: "launching",
      confirming: "confirming",
      running: "running",
      suspect: "suspect",
      taskIdUnknown: "task id unknown",
      waiting: "waiting",
      stopping: "stopping",
      stopped: "stopped",
      failed: "failed",
    },
    onAir: "On air",
    nothingOnAir: "nothing",
    generation: "Generation",
    lastConfirmed: "Last confirmed",
    lastProblem: "Last problem:",
    secondsAgo: (seconds) => `${seconds} s ago`,
    stale: "No answer from the Worker. Last update:",
    quotaFailed: "AppQuota grants no permits. Calls continue without permits, at most one a second.",
    never: "never",
    viewers: "Viewers",
    tasks: "Tasks that may be running",
    output: "Output uid",
    timelineHint: "The last two minutes: the state of each lane. The line below it shows when the lane was on air.",
    quota: "The App ID's limits",
    callsPerSecond: (peak) => `Calls in each of the last 60 s: at most ${peak}, limit 10`,
    peakOfCalls: (peak) => `at most ${peak} calls a second, limit 10`,
    pcw: "Concurrent tasks (PCW)",
    waiting: "Calls waiting",
    events: "Events",
    noEvents: "None yet.",
    columns: { time: "Time", lane: "Lane", uid: "Uid", event: "Event" },
    faults: "Inject a fault",
    faultsHint:
      "Faults apply to the task on air, or to all calls for 20 s. Hosts that left return when all faults are cleared.",
    faultNames: {
      kill: "Kill the task",
      killSilently: "Kill the task; Query lags behind",
      forget: "Kill the task; Query returns 404",
      migrate: "The task fails; the service migrates it",
      failForGood: "The task fails for good",
      createTimesOut: "Kill the task; Create returns 206",
      createIsLost: "Kill the task; the answer to Create is lost",
      domainDown: "The domain is down",
      queriesFail: "Query returns 503",
      rateLimited: "Every call returns 429",
      hostsLeave: "The hosts leave",
    },
    clearFaults: "Clear all faults",
  },
  zh: {
    otherLanguage: "English",
    title: "Steadymix 控制台",
    key: "运营人员密钥",
    keyHint: "Worker 的 OPERATOR_KEYS 之一，仅保存在当前标签页。",
    enter: "进入",
    leave: "退出",
    wrongKey: "密钥无效。",
    unreachable: "Worker 无响应：",
    broadcasts: "直播",
    none: "暂无。",
    startNew: "开始直播",
    start: "开始",
    update: "更改任务参数",
    updateHint:
      "主播、主播频道、帧率和码率可直接在运行中的任务上更新。更改画面尺寸或空闲时长需要启动新任务：新任务使用该通道的另一个 UID，运行后替换原任务。" +
      "之后启动的任务也使用新参数。输出 UID、输出频道和此处未显示的设置保持不变。更改主播或画面尺寸后，各主播的画面并排布局。",
    updateVia: {
      update: "更新运行中的任务；正在启动的任务在运行后更新。",
      relaunch: "使用新参数以另一个 UID 启动新任务，新任务运行后替换原任务。",
      launch: "当前没有运行中的任务，下一个任务将使用新参数启动。",
      nothing: "参数与当前一致，无需更改。",
    },
    payloadsDiffer: "各通道的任务参数不同，不能在此更改。",
    stop: "停止",
    stopSure: (id) => `确定结束 ${id} 吗？其任务将被销毁，该 ID 不能再次使用。`,
    watch: "观看",
    popUpBlocked: "浏览器拦截了观众端窗口，请允许此页面弹出窗口。",
    notFound: (id) => `没有 ID 为 ${id} 的直播。直播结束一段时间后，其记录会被删除。`,
    fields: {
      id: "ID",
      primaryUids: "主路输出 UID",
      backupUids: "备路输出 UID",
      inputChannel: "主播频道",
      hosts: "画面中的主播 UID",
      outputChannel: "输出频道",
      size: "画面尺寸",
      fps: "帧率",
      bitrate: "码率（kbit/s）",
      idleTimeout: "空闲时长（秒）",
      restart: "任务结束后重启",
      onAirPolicy: "播出的输出流",
    },
    fieldHints: {
      id: "1 至 50 个字母、数字、- 或 _，只能使用一次",
      primaryUids: "两个或更多，轮流使用",
      backupUids: "两个或更多，轮流使用；留空则没有备路",
      idleTimeout: "所有主播离开达到该时长后，任务结束",
    },
    restarts: { "on-failure": "仅在任务失败时", always: "始终", never: "从不" },
    onAirPolicies: { sticky: "保持当前输出流", "prefer-primary": "优先使用主路" },
    mustBe: (allowed) => `必须为：${allowed}`,
    state: {
      starting: "启动中",
      live: "直播中",
      offAir: "未播出",
      stopping: "停止中",
      ended: "已结束",
      failed: "失败",
    },
    laneState: {
      launching: "启动中",
      confirming: "确认中",
      running: "运行中",
      suspect: "疑似异常",
      taskIdUnknown: "任务 ID 未知",
      waiting: "等待中",
      stopping: "停止中",
      stopped: "已停止",
      failed: "失败",
    },
    onAir: "播出",
    nothingOnAir: "无",
    generation: "代次",
    lastConfirmed: "最近一次确认",
    lastProblem: "最近一次异常：",
    secondsAgo: (seconds) => `${seconds} 秒前`,
    stale: "Worker 无响应，最近一次更新：",
    quotaFailed: "AppQuota 无法发放调用许可，调用以每秒最多一次的频率继续。",
    never: "从未",
    viewers: "观众数",
    tasks: "可能在运行的任务",
    output: "输出 UID",
    timelineHint: "最近两分钟内各通道的状态，下方的细线表示该通道播出的时段。",
    quota: "App ID 的限额",
    callsPerSecond: (peak) => `最近 60 秒内每秒的调用次数：最多 ${peak} 次，上限 10 次`,
    peakOfCalls: (peak) => `每秒最多 ${peak} 次调用，上限 10 次`,
    pcw: "并发任务（PCW）",
    waiting: "等待中的调用",
    events: "事件",
    noEvents: "暂无。",
    columns: { time: "时间", lane: "通道", uid: "UID", event: "事件" },
    faults: "注入故障",
    faultsHint: "故障针对当前播出的任务，或在 20 秒内影响所有调用。主播离开后，清除所有故障才会返回频道。",
    faultNames: {
      kill: "任务异常退出",
      killSilently: "任务异常退出，查询结果滞后",
      forget: "任务异常退出，查询返回 404",
      migrate: "任务故障，服务自动迁移",
      failForGood: "任务故障，无法恢复",
      createTimesOut: "任务异常退出，创建返回 206",
      createIsLost: "任务异常退出，创建的响应丢失",
      domainDown: "域名不可用",
      queriesFail: "查询返回 503",
      rateLimited: "所有调用返回 429",
      hostsLeave: "主播离开",
    },
    clearFaults: "清除所有故障",
  },
};
