/**
 * The relay for a viewer when the broadcast's own object is full. It is passed in a header, first of the object's response, then
 * of the request to the relay, because `fetch` can return only a Response.
 */
export interface RelayAssignment {
  broadcastId: string;
  /** The relay's number within its broadcast. */
  number: number;
  /** The most connections with the same viewer token. */
  maxPerToken: number;
}

/** `{broadcastId}/{number}/{maxPerToken}`: an id has no slash. */
const RELAY_HEADER = "x-steadymix-relay";

export function assignRelay(headers: Headers, { broadcastId, number, maxPerToken }: RelayAssignment): Headers {
  headers.set(RELAY_HEADER, [broadcastId, number, maxPerToken].join("/"));
  return headers;
}

export function assignedRelay(headers: Headers): RelayAssignment | undefined {
  const [broadcastId, number, maxPerToken] = headers.get(RELAY_HEADER)?.split("/") ?? [];
  return broadcastId ? { broadcastId, number: Number(number), maxPerToken: Number(maxPerToken) } : undefined;
}

/** The name of a relay's object. */
export function relayName({ broadcastId, number }: Pick<RelayAssignment, "broadcastId" | "number">): string {
  return `${broadcastId}/${number}`;
}
