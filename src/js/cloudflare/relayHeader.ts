/**
 * Which relay is to connect a viewer, when the object of the broadcast is full. Its `fetch` cannot answer with more than a
 * Response: the assignment is in a header of that, and then in the request to the relay.
 */
export interface RelayAssignment {
  broadcastId: string;
  /** Of the relay: see `relayName`. */
  number: number;
  /** The most connections of a viewer token. */
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

/** The name of the object of a relay. */
export function relayName({ broadcastId, number }: Pick<RelayAssignment, "broadcastId" | "number">): string {
  return `${broadcastId}/${number}`;
}
