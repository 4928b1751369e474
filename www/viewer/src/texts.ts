/** The texts of the page, in English and Chinese. */
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
  emulated: (id: string) => string;
  emulatedExplained: string;
  loading: string;
  waiting: string;
  /** Shown instead of the picture. */
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
    allDown: string;
    unplayable: (uid: number) => string;
    closed: string;
  };
  server: {
    launching: (uid: number) => string;
    confirmed: (uid: number) => string;
    relaunched: (uid: number) => string;
    onAir: (uid: number) => string;
    ended: string;
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
      "Real video over WebRTC inside this page. The service is emulated: it runs a primary and a backup task, and a redundancy group keeps both running.",
    channel: (name) => `Channel ${name}`,
    emulated: (id) => `Demonstration · broadcast ${id}`,
    emulatedExplained:
      "Real video over WebRTC inside this page. The tasks run on the Worker's emulator of the service. Inject faults in the console.",
    loading: "Loading the viewer …",
    waiting: "Waiting for the first picture …",
    noPicture: {
      absent: "No output is in the channel. Playback resumes with the next one.",
      ended: "The broadcast has ended",
      closed: "This viewer was removed from the channel, or its uid joined elsewhere. Reload the page to join again.",
    },
    picture: "The broadcast",
    onScreen: "On screen",
    lastOutage: "Last interruption",
    none: "none yet",
    soundOn: "Turn the sound on",
    soundOff: "Turn the sound off",
    soundBlocked: "The browser blocks the sound until you click or tap the page.",
    outputs: "Outputs",
    preferredFirst: "in order of preference",
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
    timelineExplained: "The state of each output. The line below it shows when it was on screen.",
    seconds: "seconds",
    experiment: "Inject a fault",
    experimentExplained: "Faults apply to the output on screen.",
    kill: "Kill its task",
    killHint: "The task exits abruptly. The service takes 20 s to notice.",
    end: "Stop its task",
    endHint: "The task ends, and its output leaves the channel.",
    freeze: "Freeze it",
    freezeHint: "The task runs, but stops sending.",
    freezeBoth: "Freeze all",
    freezeBothHint: "All outputs stall together: the viewer does not switch.",
    bringBack: "Restore",
    bringBackHint: "Frozen outputs send again. The server checks for dead tasks at once.",
    disturb: "Interrupt my network",
    disturbHint: "This viewer receives nothing for four seconds.",
    log: "What happened",
    viewerSide: "Viewer",
    serverSide: "Server",
    reason: {
      left: "it left the channel",
      unpublished: "its video was unpublished",
      frozen: "its frames stopped",
      noData: "its bytes stopped",
      muted: "its video was muted",
      audioLost: "its audio stopped",
      failed: "it cannot be decoded",
      notStarted: "it did not start",
      onAir: "the server put another output on air",
      unsubscribed: "its subscription was ended",
    },
    events: {
      degraded: (uid, reason) => `${uid} is unhealthy: ${reason}`,
      recovered: (uid) => `${uid} has recovered`,
      switched: (from, to, reason, ms) => `${from} → ${to}, interrupted for ${ms} ms: ${reason}`,
      failedBack: (from, to) => `Back to the preferred output: ${from} → ${to}`,
      falseAlarm: (uid) => `False alarm: ${uid} has recovered`,
      allDown: "No output is healthy",
      unplayable: (uid) => `This device cannot decode ${uid}`,
      closed: "This viewer was removed from the channel, or its uid joined elsewhere",
    },
    server: {
      launching: (uid) => `Launching ${uid}`,
      confirmed: (uid) => `${uid} runs: confirmed by Query`,
      relaunched: (uid) => `Replaced: ${uid} runs now`,
      onAir: (uid) => `On air: ${uid}`,
      ended: "The broadcast has ended",
      suspect: (uid) => `${uid} may be gone: checking`,
    },
    problems: {
      title: "The broadcast cannot be shown",
      address:
        "The address needs #appId=…&channel=…&token=…&uids=9001,9101: the App ID, the channel, an audience token (or token=none) and the uids of the outputs.",
      noWebAssembly:
        "WebAssembly is not allowed here. If the page has a Content-Security-Policy, its script-src needs 'wasm-unsafe-eval'.",
      noWebRtc: "This browser has no WebRTC, which live video needs. Use a current Chrome, Edge, Firefox or Safari.",
      failed: "Joining the broadcast failed:",
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
      "本页面通过 WebRTC 传输真实视频，合图服务由模拟器提供：模拟器运行主、备两个合图任务，冗余组保证两个任务持续运行。",
    channel: (name) => `频道 ${name}`,
    emulated: (id) => `演示 · 直播 ${id}`,
    emulatedExplained: "本页面通过 WebRTC 传输真实视频，合图任务运行在 Worker 的模拟器上。请在控制台中注入故障。",
    loading: "正在加载观众端……",
    waiting: "正在等待第一帧画面……",
    noPicture: {
      absent: "频道中暂无输出流，输出流恢复后自动播放。",
      ended: "直播已结束",
      closed: "观众端已被移出频道，或相同的 UID 已在其他位置加入频道。请刷新页面重新加入。",
    },
    picture: "直播画面",
    onScreen: "当前画面",
    lastOutage: "最近一次中断",
    none: "暂无",
    soundOn: "打开声音",
    soundOff: "关闭声音",
    soundBlocked: "浏览器已阻止自动播放声音，请点击页面。",
    outputs: "输出流",
    preferredFirst: "按优先顺序",
    health: {
      absent: "不在频道",
      available: "可订阅",
      starting: "启动中",
      playing: "播放中",
      frozen: "画面冻结",
      muted: "视频已关闭",
      failed: "播放失败",
    },
    timeline: "最近一分钟",
    timelineExplained: "各路输出流的状态，下方的细线表示该输出流正在显示的时段。",
    seconds: "秒",
    experiment: "注入故障",
    experimentExplained: "以下操作针对当前显示的输出流。",
    kill: "任务异常退出",
    killHint: "任务异常退出，声网服务 20 秒后才能检测到。",
    end: "任务正常停止",
    endHint: "任务停止，输出流退出频道。",
    freeze: "冻结",
    freezeHint: "任务仍在运行，但停止发送数据。",
    freezeBoth: "全部冻结",
    freezeBothHint: "所有输出流同时中断，观众端不切换。",
    bringBack: "恢复",
    bringBackHint: "已冻结的输出流恢复发送数据，服务器立即检查已退出的任务。",
    disturb: "中断我的网络",
    disturbHint: "观众端 4 秒内收不到任何数据。",
    log: "事件",
    viewerSide: "观众端",
    serverSide: "服务器",
    reason: {
      left: "已退出频道",
      unpublished: "已取消发布视频",
      frozen: "画面冻结",
      noData: "收不到数据",
      muted: "视频已关闭",
      audioLost: "音频中断",
      failed: "无法解码",
      notStarted: "启动超时",
      onAir: "服务器已切换播出的输出流",
      unsubscribed: "订阅已取消",
    },
    events: {
      degraded: (uid, reason) => `${uid} 异常：${reason}`,
      recovered: (uid) => `${uid} 已恢复`,
      switched: (from, to, reason, ms) => `${from} → ${to}，中断 ${ms} 毫秒：${reason}`,
      failedBack: (from, to) => `切回首选输出流：${from} → ${to}`,
      falseAlarm: (uid) => `误切换：${uid} 已恢复`,
      allDown: "所有输出流均异常",
      unplayable: (uid) => `当前设备无法解码 ${uid}`,
      closed: "观众端已被移出频道，或相同的 UID 已在其他位置加入频道",
    },
    server: {
      launching: (uid) => `正在启动 ${uid}`,
      confirmed: (uid) => `${uid} 正在运行：已通过查询确认`,
      relaunched: (uid) => `已替换：${uid} 正在运行`,
      onAir: (uid) => `正在播出：${uid}`,
      ended: "直播已结束",
      suspect: (uid) => `${uid} 可能已退出，正在检查`,
    },
    problems: {
      title: "无法显示直播",
      address:
        "页面地址需包含 #appId=…&channel=…&token=…&uids=9001,9101，即 App ID、频道、观众 Token（或 token=none）以及各输出流的 UID。",
      noWebAssembly:
        "当前页面不允许使用 WebAssembly。如果设置了 Content-Security-Policy，script-src 中需包含 'wasm-unsafe-eval'。",
      noWebRtc: "当前浏览器没有 WebRTC，无法播放直播视频。请使用新版 Chrome、Edge、Firefox 或 Safari。",
      failed: "无法加入直播：",
      again: "重试",
      demoInstead: "查看演示",
    },
  },
};
