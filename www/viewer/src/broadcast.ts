/** Reads from the page's address which broadcast to watch. */
import type { Uid } from "steadymix/viewer";

/** An Agora channel. */
export interface AgoraBroadcast {
  type: "agora";
  appId: string;
  channel: string;
  token: string | null;
  /** The viewer's own uid; 0: Agora assigns one. */
  uid: Uid;
  /** The outputs, in the order of preference. */
  uids: Uid[];
  /** The broadcast's feed, if a Worker keeps it on air. */
  feed?: Feed;
}

/** The feed of a broadcast that a Worker keeps on air. */
export interface Feed {
  /** The broadcast's address: `…/api/broadcasts/{id}`. */
  address: string;
  token: string;
}

/** A broadcast of the Worker's demonstration: its tasks run on the Worker's emulator, its media in this page. */
export interface EmulatedBroadcast {
  type: "emulated";
  id: string;
  uids: Uid[];
  fps: number;
  feed: Feed;
}

export interface DemoBroadcast {
  type: "demo";
  fps: number;
}

export type Broadcast = AgoraBroadcast | EmulatedBroadcast | DemoBroadcast;

/** The fragment of the address is invalid. */
export class AddressError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * Reads the fragment of the address:
 * - `#appId=…&channel=…&token=…&uids=9001,9002,9101,9102`: an Agora channel; with `&broadcast=…&viewerToken=…`, one that this
 *   page's Worker keeps on air.
 * - `#emulated=1&broadcast=…&viewerToken=…&uids=…`: a broadcast of the Worker's demonstration.
 * - Nothing: the demonstration that runs in this page.
 *
 * Browsers do not send the fragment to the server, so tokens do not get into its log.
 */
export function broadcastOf(fragment: string): Broadcast {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const isReal = ["appId", "channel", "token", "uids"].some((name) => fields.has(name));
  const fps = number(fields, "fps", 15, 1, 60);
  if (!isReal) return { type: "demo", fps };
  const uids = needed(fields, "uids").split(",").map(uidOf);
  if (fields.has("emulated")) {
    return { type: "emulated", id: needed(fields, "broadcast"), uids, fps, feed: feedOf(fields) };
  }
  return {
    type: "agora",
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

/** `token=none`: a project without tokens. */
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
