/** Which broadcast the address of the page means. */
import type { Uid } from "steadymix/viewer";

/** A channel of Agora, as the fragment of the address gives it. */
export interface AgoraBroadcast {
  kind: "agora";
  appId: string;
  channel: string;
  token: string | null;
  /** The viewer's own; 0: any. */
  uid: Uid;
  /** The outputs, in the order of preference. */
  uids: Uid[];
  /** The Worker that says what is on air, if there is one. */
  feed?: Feed;
}

/** A broadcast that a Worker keeps on air. */
export interface Feed {
  /** The broadcast's: `…/api/broadcasts/{id}`. */
  address: string;
  token: string;
}

/** A broadcast of the Worker's demonstration: its tasks run on the service's stand-in, its media in this page. */
export interface StandInBroadcast {
  kind: "standIn";
  id: string;
  uids: Uid[];
  fps: number;
  feed: Feed;
}

export interface DemoBroadcast {
  kind: "demo";
  fps: number;
}

export type Broadcast = AgoraBroadcast | StandInBroadcast | DemoBroadcast;

/** The fragment of the address is wrong. */
export class AddressError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * `#appId=…&channel=…&token=…&uids=9001,9002,9101,9102`, with `&broadcast=…&viewerToken=…` if this page's Worker keeps it
 * on air; those and `standIn` for the Worker's demonstration, or nothing for the one that is all in this page. It is the
 * fragment, so that tokens are not sent to the server of the page, and not kept in its log.
 */
export function broadcastOf(fragment: string): Broadcast {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const isReal = ["appId", "channel", "token", "uids"].some((name) => fields.has(name));
  const fps = number(fields, "fps", 15, 1, 60);
  if (!isReal) return { kind: "demo", fps };
  const uids = needed(fields, "uids").split(",").map(uidOf);
  if (fields.has("standIn")) {
    return { kind: "standIn", id: needed(fields, "broadcast"), uids, fps, feed: feedOf(fields) };
  }
  return {
    kind: "agora",
    appId: needed(fields, "appId"),
    channel: needed(fields, "channel"),
    token: tokenOf(fields),
    uid: number(fields, "uid", 0, 0, 0xffff_ffff),
    uids,
    ...(fields.has("broadcast") ? { feed: feedOf(fields) } : {}),
  };
}

function feedOf(fields: URLSearchParams): Feed {
  const path = `/api/broadcasts/${encodeURIComponent(needed(fields, "broadcast"))}`;
  return { address: new URL(path, location.href).href, token: needed(fields, "viewerToken") };
}

function needed(fields: URLSearchParams, name: string): string {
  const value = fields.get(name)?.trim();
  if (!value) throw new AddressError(name, `${name} is missing`);
  return value;
}

/** A project without tokens says so: `token=none`. */
function tokenOf(fields: URLSearchParams): string | null {
  const token = needed(fields, "token");
  return token === "none" ? null : token;
}

function number(fields: URLSearchParams, name: string, otherwise: number, least: number, most: number): number {
  const text = fields.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new AddressError(name, `${name} is "${text}", but must be from ${least} to ${most}`);
  }
  return value;
}

function uidOf(text: string): Uid {
  const uid = Number(text);
  if (!Number.isInteger(uid) || uid < 1 || uid > 0xffff_ffff) {
    throw new AddressError("uids", `uids has "${text}", but must be uids from 1 to 4294967295, separated by commas`);
  }
  return uid;
}
