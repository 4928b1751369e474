/** What the page says, in English and Chinese. */
import type { Health, SwitchReason } from "steadymix/viewer";
import type { Language } from "../../shared/language.ts";
import type { End } from "./useHistory.ts";

interface Texts {
  title: string;
  language: string;
  otherLanguage: string;
  demo: string;
  demoExplained: string;
  channel: (name: string) => string;
  standIn: (id: string) => string;
  standInExplained: string;
  loading: string;
  waiting: string;
  /** In the place of the picture. */
  noPicture: Record<"absent" | End, string>;
  picture: string;
  onScreen: string;
  lastOutage: string;
  none: string;
  soundOn: string;
  soundOff: string;
  soundBlocked: string;
  outputs: string;
  preferredFirst: string;
  health: Record<Health, string>;
  timeline: string;
  timelineExplained: string;
  seconds: string;
  experiment: string;
  experimentExplained: string;
  kill: string;
  killHint: string;
  end: string;
  endHint: string;
  freeze: string;
  freezeHint: string;
  freezeBoth: string;
  freezeBothHint: string;
  bringBack: string;
  bringBackHint: string;
  disturb: string;
  disturbHint: string;
  log: string;
  viewerSide: string;
  serverSide: string;
  reason: Record<SwitchReason, string>;
  events: {
    degraded: (uid: number, reason: string) => string;
    recovered: (uid: number) => string;
    switched: (from: number, to: number, reason: string, outageMs: number) => string;
    failedBack: (from: number, to: number) => string;
    falseAlarm: (uid: number) => string;
    bothDown: string;
    unplayable: (uid: number) => string;
    closed: string;
    started: (uid: number) => string;
  };
  server: {
    launching: (uid: number) => string;
    confirmed: (uid: number) => string;
    relaunched: (uid: number) => string;
    onAir: (uid: number) => string;
    over: string;
    suspect: (uid: number) => string;
  };
  problems: {
    title: string;
    address: string;
    noWebAssembly: string;
    noWebRtc: string;
    failed: string;
    again: string;
    demoInstead: string;
  };
}

export const TEXTS: Record<Language, Texts> = {
  en: {
    title: "Steadymix viewer",
    language: "English",
    otherLanguage: "中文",
    demo: "Demonstration",
    demoExplained:
      "Real video over WebRTC inside this page. The service is a stand-in: it runs a primary and a backup task, and a redundancy group keeps both alive.",
    channel: (name) => `Channel ${name}`,
    standIn: (id) => `Demonstration · broadcast ${id}`,
    standInExplained:
      "Real video over WebRTC inside this page; its tasks run on the Worker's stand-in of the service. Break them in the console.",
    loading: "Loading the viewer …",
    waiting: "Waiting for the first picture …",
    noPicture: {
      absent: "No output is in the channel. The picture comes back with the next one.",
      ended: "The broadcast has ended",
      closed: "This viewer was removed from the channel, or its uid joined elsewhere. Reload the page to join again.",
    },
    picture: "The broadcast",
    onScreen: "On screen",
    lastOutage: "Last interruption",
    none: "none yet",
    soundOn: "Turn the sound on",
    soundOff: "Turn the sound off",
    soundBlocked: "The browser keeps the page silent until you touch it.",
    outputs: "Outputs",
    preferredFirst: "the preferred one first",
    health: {
      absent: "absent",
      available: "available",
      starting: "starting",
      playing: "playing",
      frozen: "frozen",
      muted: "muted",
      failed: "failed",
    },
    timeline: "The last minute",
    timelineExplained: "The state of each output; the line below it marks when it was on screen.",
    seconds: "seconds",
    experiment: "Break it",
    experimentExplained: "Each of these is done to the output that is on screen.",
    kill: "Kill it abruptly",
    killHint: "Its task dies without a word; the service needs 20 s to notice.",
    end: "Stop it gracefully",
    endHint: "Its task is ended, and says goodbye.",
    freeze: "Freeze it",
    freezeHint: "Its task lives, but sends nothing any more.",
    freezeBoth: "Freeze both",
    freezeBothHint: "All outputs stall together: nothing is switched.",
    bringBack: "Bring it back",
    bringBackHint: "What is frozen flows again; the server looks for the dead at once.",
    disturb: "Disturb my network",
    disturbHint: "Four seconds in which nothing reaches this viewer.",
    log: "What happened",
    viewerSide: "Viewer",
    serverSide: "Server",
    reason: {
      left: "it left the channel",
      unpublished: "its video was unpublished",
      frozen: "its frames stopped",
      dead: "its bytes stopped",
      muted: "it was muted",
      audioLost: "its audio was lost",
      failed: "it cannot be decoded",
      notStarted: "it did not start",
      onAir: "the server says so",
      unsubscribed: "its subscription was lost",
    },
    events: {
      degraded: (uid, reason) => `${uid} is not well: ${reason}`,
      recovered: (uid) => `${uid} is well again`,
      switched: (from, to, reason, ms) => `${from} → ${to} after ${ms} ms: ${reason}`,
      failedBack: (from, to) => `Back to the preferred one: ${from} → ${to}`,
      falseAlarm: (uid) => `${uid} was left for nothing`,
      bothDown: "No output is well",
      unplayable: (uid) => `This device cannot decode ${uid}`,
      closed: "This viewer was thrown out of the channel, or its uid is elsewhere: join again",
      started: (uid) => `${uid} is on screen`,
    },
    server: {
      launching: (uid) => `Launching ${uid}`,
      confirmed: (uid) => `${uid} runs: a Query has proven it`,
      relaunched: (uid) => `Replaced: ${uid} runs now`,
      onAir: (uid) => `On air: ${uid}`,
      over: "The broadcast has ended",
      suspect: (uid) => `${uid} may be gone; looking`,
    },
    problems: {
      title: "This cannot be shown",
      address:
        "The address needs #appId=…&channel=…&token=…&uids=9001,9101 with the App ID, the channel, an audience token (or token=none) and the uids of the outputs.",
      noWebAssembly:
        "WebAssembly is not allowed here. If the page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.",
      noWebRtc: "This browser has no WebRTC, which live video needs. Use a current Chrome, Edge, Firefox or Safari.",
      failed: "The broadcast could not be joined:",
      again: "Try again",
      demoInstead: "Show the demonstration",
    },
  },
  zh: {
    title: "Steadymix 观众端",
    language: "中文",
    otherLanguage: "English",
    demo: "演示",
    demoExplained:
      "本页内通过 WebRTC 传输真实视频。服务由模拟器代替：它运行一个主任务和一个备任务，冗余组负责让两者保持运行。",
    channel: (name) => `频道 ${name}`,
    standIn: (id) => `演示 · 直播 ${id}`,
    standInExplained: "本页内通过 WebRTC 传输真实视频；任务运行在 Worker 的服务模拟器上。请在控制台中制造故障。",
    loading: "正在加载播放器……",
    waiting: "正在等待第一帧画面……",
    noPicture: {
      absent: "频道中暂无输出流，输出流恢复后将自动播放。",
      ended: "直播已结束",
      closed: "本观众端已被移出频道，或其 uid 已在别处加入频道。请刷新页面重新加入。",
    },
    picture: "直播画面",
    onScreen: "当前画面",
    lastOutage: "最近一次中断",
    none: "暂无",
    soundOn: "打开声音",
    soundOff: "关闭声音",
    soundBlocked: "在您触碰页面之前，浏览器不允许播放声音。",
    outputs: "输出流",
    preferredFirst: "首选在前",
    health: {
      absent: "不在频道",
      available: "可订阅",
      starting: "启动中",
      playing: "播放中",
      frozen: "卡住",
      muted: "已静音",
      failed: "失败",
    },
    timeline: "最近一分钟",
    timelineExplained: "每路输出的状态；其下的细线表示它何时在画面上。",
    seconds: "秒",
    experiment: "制造故障",
    experimentExplained: "以下操作作用于当前画面上的输出流。",
    kill: "突然终止",
    killHint: "任务无声地死去；服务需要 20 秒才会发现。",
    end: "正常停止",
    endHint: "任务被结束，并正常离开频道。",
    freeze: "冻结",
    freezeHint: "任务还在，但不再发送数据。",
    freezeBoth: "全部冻结",
    freezeBothHint: "所有输出同时停住：不会切换。",
    bringBack: "恢复",
    bringBackHint: "冻结的恢复发送；服务器立即检查已死的任务。",
    disturb: "干扰我的网络",
    disturbHint: "四秒内没有任何数据到达本观众。",
    log: "事件",
    viewerSide: "观众端",
    serverSide: "服务器",
    reason: {
      left: "它离开了频道",
      unpublished: "它停止发布视频",
      frozen: "它的画面停住",
      dead: "它没有数据",
      muted: "它被静音",
      audioLost: "它没有声音",
      failed: "它无法解码",
      notStarted: "它没有启动",
      onAir: "服务器指定",
      unsubscribed: "订阅已丢失",
    },
    events: {
      degraded: (uid, reason) => `${uid} 异常：${reason}`,
      recovered: (uid) => `${uid} 已恢复`,
      switched: (from, to, reason, ms) => `${from} → ${to}，中断 ${ms} 毫秒：${reason}`,
      failedBack: (from, to) => `回到首选：${from} → ${to}`,
      falseAlarm: (uid) => `误切换：${uid} 其实正常`,
      bothDown: "没有正常的输出流",
      unplayable: (uid) => `本设备无法解码 ${uid}`,
      closed: "本观众被移出频道，或其 uid 在别处登录：请重新加入",
      started: (uid) => `${uid} 出现在画面上`,
    },
    server: {
      launching: (uid) => `正在启动 ${uid}`,
      confirmed: (uid) => `${uid} 在运行：已由查询证实`,
      relaunched: (uid) => `已替换：现在运行 ${uid}`,
      onAir: (uid) => `播出：${uid}`,
      over: "直播已结束",
      suspect: (uid) => `${uid} 可能已退出，正在检查`,
    },
    problems: {
      title: "无法显示",
      address:
        "地址需要 #appId=…&channel=…&token=…&uids=9001,9101：App ID、频道、观众 token（或 token=none）以及各输出流的 uid。",
      noWebAssembly:
        "此处不允许 WebAssembly。如果页面设置了 Content-Security-Policy，其 script-src 需要 'wasm-unsafe-eval'。",
      noWebRtc: "此浏览器没有 WebRTC，无法播放直播视频。请使用新版 Chrome、Edge、Firefox 或 Safari。",
      failed: "无法加入直播：",
      again: "重试",
      demoInstead: "查看演示",
    },
  },
};
