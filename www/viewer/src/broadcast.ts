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
}

export interface DemoBroadcast {
  kind: "demo";
  fps: number;
}

export type Broadcast = AgoraBroadcast | DemoBroadcast;

/** The fragment of the address is wrong. */
export class AddressError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * `#appId=…&channel=…&token=…&uids=9001,9002,9101,9102`, or nothing for the demonstration. It is the fragment, so that
 * tokens are not sent to the server of the page, and not kept in its log.
 */
export function broadcastOf(fragment: string): Broadcast {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const isReal = ["appId", "channel", "token", "uids"].some((name) => fields.has(name));
  if (!isReal) return { kind: "demo", fps: number(fields, "fps", 15, 1, 60) };
  return {
    kind: "agora",
    appId: needed(fields, "appId"),
    channel: needed(fields, "channel"),
    token: tokenOf(fields),
    uid: number(fields, "uid", 0, 0, 0xffff_ffff),
    uids: needed(fields, "uids").split(",").map(uidOf),
  };
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
