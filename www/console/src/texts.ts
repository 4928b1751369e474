/** What the console says, in English and Chinese. */
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
  /** What becomes of a new payload in a lane. */
  updateVia: Record<LaneUpdate["via"], string>;
  ownPayloads: string;
  stop: string;
  stopSure: (id: string) => string;
  watch: string;
  popUpBlocked: string;
  noSuch: (id: string) => string;
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
  lastGoodQuery: string;
  lastProblem: string;
  secondsAgo: (seconds: number) => string;
  /** What stands below may be otherwise by now; how old it is follows. */
  stale: string;
  quotaFailed: string;
  never: string;
  viewers: string;
  tasks: string;
  output: string;
  timelineHint: string;
  quota: string;
  callsPerSecond: (most: number) => string;
  ofTen: (most: number) => string;
  pcw: string;
  waiting: string;
  events: string;
  noEvents: string;
  columns: { time: string; lane: string; uid: string; what: string };
  faults: string;
  faultsHint: string;
  faultNames: Record<Fault["name"], string>;
  mend: string;
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    otherLanguage: "中文",
    title: "Steadymix console",
    key: "Operator key",
    keyHint: "One of the Worker's OPERATOR_KEYS. It is kept in this tab only.",
    enter: "Enter",
    leave: "Leave",
    wrongKey: "The Worker does not take this key.",
    unreachable: "The Worker does not answer:",
    broadcasts: "Broadcasts",
    none: "None yet.",
    startNew: "Start a broadcast",
    start: "Start",
    update: "Change the payload",
    updateHint:
      "Hosts, their channel, frame rate and bit rate change in the running task. Another picture size, or another limit on " +
      "how long the hosts may be away, needs a new task: it starts under another uid of the lane and replaces the running one. Later tasks " +
      "have the new payload too. The lanes' uids, the channel of the viewers and settings that are not shown here stay. New hosts " +
      "or another picture size: the hosts are laid out side by side.",
    updateVia: {
      update: "The running task is updated; one that is being launched, once it runs.",
      relaunch: "A new task with this payload starts under another uid, and replaces the running one once it runs.",
      launch: "No task is running. The next one starts with this payload.",
      nothing: "No change: the lane has this payload already.",
    },
    ownPayloads: "The payload cannot be changed here: the lanes have different ones.",
    stop: "Stop",
    stopSure: (id) => `End ${id} for good? Its tasks are deleted, and its id cannot be used again.`,
    watch: "Watch",
    popUpBlocked: "The browser blocked the viewer's window: allow pop-ups for this page.",
    noSuch: (id) => `There is no broadcast ${id}. One that has ended is forgotten after a while.`,
    fields: {
      id: "Id",
      primaryUids: "Primary's output uids",
      backupUids: "Backup's output uids",
      inputChannel: "Channel of the hosts",
      hosts: "Uids of the hosts on the picture",
      outputChannel: "Channel of the viewers",
      size: "Picture",
      fps: "Frames a second",
      bitrate: "Bit rate (kbit/s)",
      idleTimeout: "Ends when the hosts are away for (s)",
      restart: "When a task ends, launch again",
      onAirPolicy: "On air is",
    },
    fieldHints: {
      id: "1 to 50 letters, digits, - and _; used once",
      primaryUids: "two or more, used in turn",
      backupUids: "two or more, or none: no backup",
    },
    restarts: { "on-failure": "if it failed", always: "always", never: "never" },
    onAirPolicies: { sticky: "whatever runs, as long as it runs", "prefer-primary": "the primary whenever it runs" },
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
      taskIdUnknown: "taskIdUnknown",
      waiting: "waiting",
      stopping: "stopping",
      stopped: "stopped",
      failed: "failed",
    },
    onAir: "On air",
    nothingOnAir: "nothing",
    generation: "Generation",
    lastGoodQuery: "Last good Query",
    lastProblem: "Last trouble:",
    secondsAgo: (seconds) => `${seconds} s ago`,
    stale: "No news from the Worker. This is how things were",
    quotaFailed: "AppQuota gives no permits: calls go on without it, at most one a second.",
    never: "never",
    viewers: "Viewers",
    tasks: "Tasks that live, or may",
    output: "Output uid",
    timelineHint: "The last two minutes. The state of each lane; the line below it marks when it was on air.",
    quota: "The App ID's limits",
    callsPerSecond: (most) => `Calls in each of the last 60 s: at most ${most} of 10 in a second`,
    ofTen: (most) => `at most ${most} of 10 in a second`,
    pcw: "Tasks of the PCW",
    waiting: "Calls waiting",
    events: "Events",
    noEvents: "None yet.",
    columns: { time: "Time", lane: "Lane", uid: "Uid", what: "What" },
    faults: "Break it",
    faultsHint:
      "Done to the emulated service: to the task that is on air, or for 20 s. Hosts that leave stay away until everything is mended.",
    faultNames: {
      kill: "Kill its task",
      killSilently: "Kill it; Query lags behind",
      forget: "Kill it; Query says 404",
      migrate: "It fails; the service moves it",
      failForGood: "It fails for good",
      createTimesOut: "Kill it; Creates answer 206",
      createIsLost: "Kill it; a Create's answer is lost",
      domainDown: "The domain is down",
      queriesFail: "Queries answer 503",
      rateLimited: "Everything answers 429",
      hostsLeave: "The hosts leave",
    },
    mend: "Mend everything",
  },
  zh: {
    otherLanguage: "English",
    title: "Steadymix 控制台",
    key: "操作员密钥",
    keyHint: "Worker 的 OPERATOR_KEYS 之一，仅保存在此标签页。",
    enter: "进入",
    leave: "退出",
    wrongKey: "Worker 不接受此密钥。",
    unreachable: "Worker 没有应答：",
    broadcasts: "直播",
    none: "暂无。",
    startNew: "开始直播",
    start: "开始",
    update: "更改任务参数",
    updateHint:
      "主播、主播频道、帧率和码率可直接在运行中的任务上更新。更改画面尺寸或主播离开后的结束时间时，需启动新任务：新任务以该通道的另一个 uid 启动，运行后替换原任务。" +
      "之后启动的任务也使用新参数。各通道的 uid、观众频道和此处未显示的设置保持不变。更改主播或画面尺寸后，各主播重新并排布局。",
    updateVia: {
      update: "更新运行中的任务；正在启动的任务在运行后更新。",
      relaunch: "使用新参数以另一个 uid 启动新任务，新任务运行后替换原任务。",
      launch: "当前没有运行中的任务，下一个任务将使用新参数启动。",
      nothing: "参数与当前一致，无需更改。",
    },
    ownPayloads: "任务参数不能在此更改：各条通道的参数不同。",
    stop: "停止",
    stopSure: (id) => `确定永久结束 ${id} 吗？其任务将被删除，该 ID 不能再次使用。`,
    watch: "观看",
    popUpBlocked: "浏览器拦截了观众端窗口：请允许此页面打开弹出窗口。",
    noSuch: (id) => `没有名为 ${id} 的直播。直播结束一段时间后，其记录会被删除。`,
    fields: {
      id: "ID",
      primaryUids: "主输出 uid",
      backupUids: "备输出 uid",
      inputChannel: "主播频道",
      hosts: "画面中主播的 uid",
      outputChannel: "观众频道",
      size: "画面",
      fps: "帧率",
      bitrate: "码率（kbit/s）",
      idleTimeout: "主播离开多久后结束（秒）",
      restart: "任务结束后重新启动",
      onAirPolicy: "播出",
    },
    fieldHints: {
      id: "1 至 50 个字母、数字、- 或 _；只能用一次",
      primaryUids: "两个或更多，轮流使用",
      backupUids: "两个或更多；留空则没有备用",
    },
    restarts: { "on-failure": "仅当失败时", always: "总是", never: "从不" },
    onAirPolicies: { sticky: "正在播出的，只要它还在运行", "prefer-primary": "主输出，只要它在运行" },
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
      suspect: "可疑",
      taskIdUnknown: "未识别",
      waiting: "等待中",
      stopping: "停止中",
      stopped: "已停止",
      failed: "失败",
    },
    onAir: "播出",
    nothingOnAir: "无",
    generation: "代次",
    lastGoodQuery: "上次查询正常",
    lastProblem: "最近一次异常：",
    secondsAgo: (seconds) => `${seconds} 秒前`,
    stale: "Worker 无响应，以下状态停留在",
    quotaFailed: "AppQuota 无法发放调用许可：调用仍继续，每秒最多一次。",
    never: "从未",
    viewers: "观众",
    tasks: "存活或可能存活的任务",
    output: "输出 uid",
    timelineHint: "最近两分钟。每条通道的状态；其下的细线表示它何时播出。",
    quota: "App ID 的限额",
    callsPerSecond: (most) => `最近 60 秒每秒的调用数：每秒最多 ${most} 次，上限 10 次`,
    ofTen: (most) => `每秒最多 ${most} 次，上限 10 次`,
    pcw: "并发任务（PCW）",
    waiting: "等待中的调用",
    events: "事件",
    noEvents: "暂无。",
    columns: { time: "时间", lane: "通道", uid: "Uid", what: "事件" },
    faults: "制造故障",
    faultsHint: "作用于服务模拟器：针对正在播出的任务，或持续 20 秒。主播离开后，需点击“全部恢复”才会回到频道。",
    faultNames: {
      kill: "终止其任务",
      killSilently: "终止；查询结果滞后",
      forget: "终止；查询返回 404",
      migrate: "故障；服务将其迁移",
      failForGood: "彻底故障",
      createTimesOut: "终止；创建返回 206",
      createIsLost: "终止；创建的应答丢失",
      domainDown: "域名不可用",
      queriesFail: "查询返回 503",
      rateLimited: "全部返回 429",
      hostsLeave: "主播离开",
    },
    mend: "全部恢复",
  },
};
