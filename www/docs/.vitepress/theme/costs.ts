/**
 * The arithmetic of the cost calculator. It counts minutes, calls, requests and rows; every price is an input.
 *
 * The counts of the Worker were measured in workerd with a pair of lanes (see the page on costs). Numbers that are negative
 * or not finite, such as those of an empty input field, count as 0.
 */

/** What a viewer keeps ready of another output: the setting `standby` of `FailoverViewer`. */
export type Standby = "hot" | "warm" | "cold";

/** How a viewer follows which output is on air. `none`: without `OnAirFeed`. */
export type Feed = "webSocket" | "polling" | "none";

/** A tier of video minutes, by the sum of the pixels of all videos that a viewer is subscribed to. */
export type Tier = "HD" | "Full HD" | "2K" | "2K+";

/** The tiers, the smallest first, with the most pixels of each. */
export const TIERS: readonly { readonly tier: Tier; readonly maxPixels: number }[] = [
  { tier: "HD", maxPixels: 921_600 },
  { tier: "Full HD", maxPixels: 2_073_600 },
  { tier: "2K", maxPixels: 3_686_400 },
  { tier: "2K+", maxPixels: Number.POSITIVE_INFINITY },
];

/** The standby modes, in the order of the table. */
export const STANDBYS: readonly Standby[] = ["hot", "warm", "cold"];

/**
 * What the Worker needs for one Query of one task: the alarm; and of `AppQuota` a permit, its use, and the broadcast's entry,
 * which is reported again because the object was evicted in between. Rows: the snapshot, two alarms, and two for the entry.
 */
export const PER_QUERY = { objectRequests: 4, rowsWritten: 5 } as const;

/** What the Worker needs to start and end one lane of a broadcast, without relaunches. */
export const PER_LANE = { objectRequests: 14, rowsWritten: 48 } as const;

/** What a viewer's connection needs: a viewer token, and the connection itself. */
export const PER_CONNECTION = { workerRequests: 2, objectRequests: 2 } as const;

/** `OnAirFeed` polls this often if it can open neither a WebSocket nor an event stream. */
export const POLL_INTERVAL_S = 3;

/** What the reader enters. */
export interface CostInputs {
  /** Broadcasts at the same time. */
  broadcasts: number;
  /** How long each of them is on air in a day, in hours: 24 at most. */
  hoursPerDay: number;
  /** The days of a month with broadcasts: 31 at most. */
  daysPerMonth: number;
  /** The lanes of a broadcast, each with one task: 1 or more. */
  lanes: number;
  /** The width of an output's video, in pixels. */
  width: number;
  /** The height of an output's video, in pixels. */
  height: number;
  /** The time between two Queries of a task, in s: `monitorIntervalMs`. From 1 on; default 120. */
  monitorIntervalS: number;
  /** The viewers of one broadcast at the same time, on average. */
  viewers: number;
  /** How long a viewer watches without leaving, in minutes, on average. */
  sessionMinutes: number;
  /** The lifetime of a viewer token, in minutes: after it the viewer connects again. */
  tokenMinutes: number;
  /** How viewers follow which output is on air. */
  feed: Feed;
  /** Prices: of 1,000 minutes of a task, of 1,000 viewer minutes of each tier, of a million requests and rows. */
  prices: Prices;
}

/** The reader's prices, all in one currency. One that is left out counts as 0. */
export interface Prices {
  /** 1,000 minutes of a task with this output size. */
  taskMinutes?: number;
  /** 1,000 minutes of a viewer, by tier. */
  viewerMinutes: Partial<Record<Tier, number>>;
  /** A million requests to the Worker. */
  workerRequests?: number;
  /** A million requests to Durable Objects. */
  objectRequests?: number;
  /** A million rows written. */
  rowsWritten?: number;
}

/** What a viewer of each standby mode is billed. */
export interface ViewerCosts {
  /** The mode. */
  standby: Standby;
  /** The sum of the pixels of the videos that are subscribed. */
  pixels: number;
  /** The tier of that sum. */
  tier: Tier;
  /** Per month. */
  cost: number;
}

/** What the calculator shows. */
export interface Costs {
  /** Tasks at the same time: they count against the PCW. */
  tasks: number;
  /** Minutes of all tasks in a month. */
  taskMinutes: number;
  /** The cost of all tasks in a month. */
  taskCost: number;
  /** Minutes of all viewers in a month. */
  viewerMinutes: number;
  /** The viewers' costs by standby mode. */
  viewers: ViewerCosts[];
  /** Queries of all tasks in a day. */
  queriesPerDay: number;
  /** Queries of all tasks in a second while they run. */
  queriesPerSecond: number;
  /** Requests to the Worker in a day. */
  workerRequestsPerDay: number;
  /** Requests to Durable Objects in a day, alarms included. */
  objectRequestsPerDay: number;
  /** Rows written by Durable Objects in a day, alarms included. */
  rowsWrittenPerDay: number;
  /** The cost of the Worker in a month, without included amounts, CPU time, duration and storage. */
  workerCost: number;
}

/** The tier of a number of pixels. */
export function tierOf(pixels: number): Tier {
  return TIERS.find(({ maxPixels }) => pixels <= maxPixels)?.tier ?? "2K+";
}

/** The number of outputs whose video a viewer is subscribed to. Only one standby is kept ready, however many there are. */
export function videosOf(standby: Standby, lanes: number): number {
  return standby === "hot" && lanes > 1 ? 2 : 1;
}

/** All counts and costs. */
export function costsOf(inputs: CostInputs): Costs {
  const broadcasts = count(inputs.broadcasts);
  const lanes = Math.max(1, Math.floor(count(inputs.lanes)));
  const hoursPerDay = Math.min(24, count(inputs.hoursPerDay));
  const daysPerMonth = Math.min(31, count(inputs.daysPerMonth));
  const monitorIntervalS = Math.max(1, count(inputs.monitorIntervalS));
  const { prices } = inputs;

  const tasks = broadcasts * lanes;
  const taskMinutes = tasks * hoursPerDay * 60 * daysPerMonth;

  const viewerMinutesPerDay = broadcasts * count(inputs.viewers) * hoursPerDay * 60;
  const viewerMinutes = viewerMinutesPerDay * daysPerMonth;
  const viewers = STANDBYS.map((standby): ViewerCosts => {
    const pixels = count(inputs.width) * count(inputs.height) * videosOf(standby, lanes);
    const tier = tierOf(pixels);
    return { standby, pixels, tier, cost: (viewerMinutes / 1_000) * count(prices.viewerMinutes[tier]) };
  });

  const queriesPerSecond = tasks / monitorIntervalS;
  const queriesPerDay = queriesPerSecond * hoursPerDay * 3_600;

  const feed = feedOf(inputs, viewerMinutesPerDay, broadcasts * hoursPerDay * 3_600);
  const workerRequestsPerDay = feed.workerRequests;
  const objectRequestsPerDay =
    queriesPerDay * PER_QUERY.objectRequests + tasks * PER_LANE.objectRequests + feed.objectRequests;
  const rowsWrittenPerDay = queriesPerDay * PER_QUERY.rowsWritten + tasks * PER_LANE.rowsWritten;
  const workerCost =
    (daysPerMonth / 1_000_000) *
    (workerRequestsPerDay * count(prices.workerRequests) +
      objectRequestsPerDay * count(prices.objectRequests) +
      rowsWrittenPerDay * count(prices.rowsWritten));

  return {
    tasks,
    taskMinutes,
    taskCost: (taskMinutes / 1_000) * count(prices.taskMinutes),
    viewerMinutes,
    viewers,
    queriesPerDay,
    queriesPerSecond,
    workerRequestsPerDay,
    objectRequestsPerDay,
    rowsWrittenPerDay,
    workerCost,
  };
}

/** The requests of all viewers in a day; `onAirSeconds`: those of all broadcasts. */
function feedOf(
  { feed, sessionMinutes, tokenMinutes }: CostInputs,
  viewerMinutes: number,
  onAirSeconds: number,
): { workerRequests: number; objectRequests: number } {
  const session = Math.max(1, count(sessionMinutes));
  const sessions = viewerMinutes / session;
  // A token's expiry ends the connection: the viewer connects again with a new token.
  const tokens = sessions * Math.ceil(session / Math.max(1, count(tokenMinutes)));
  if (feed === "none") return { workerRequests: 0, objectRequests: 0 };
  if (feed === "webSocket") {
    return {
      workerRequests: tokens * PER_CONNECTION.workerRequests,
      objectRequests: tokens * PER_CONNECTION.objectRequests,
    };
  }
  const polls = (viewerMinutes * 60) / POLL_INTERVAL_S;
  // One Cloudflare location asks a broadcast at most once a second: its cache answers the others.
  return { workerRequests: tokens + polls, objectRequests: tokens + Math.min(polls, onAirSeconds) };
}

/** A number of an input field. */
function count(value: number | undefined): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}
