import { invalid } from "../errors.js";
import type { Services } from "../types.js";

/** What a hidden value begins with; its place follows. */
const HIDDEN = "***";
/** Fields that the core does not know go through it, and may be secrets, too. */
const SECRET = /(token|key|salt|secret|password|streamUrl)$/i;

/** The newest payload that was not refused, if all lanes of the group have the same. It is read out of the snapshot. */
export function payloadOf(snapshot: string): Services | null {
  const { lanes } = JSON.parse(snapshot.slice(snapshot.indexOf("\n"))) as {
    lanes: { config: { services: Services } }[];
  };
  const [first = null, ...others] = lanes.map(({ config }) => config.services);
  const text = JSON.stringify(first);
  return others.every((other) => JSON.stringify(other) === text) ? first : null;
}

/** The same without tokens and addresses of streams: in their place is `***` and where they stand. */
export function hidden(services: Services): Services {
  return mapSecrets(services, (_, mark) => mark) as Services;
}

/** Puts back what was hidden, wherever it has gone. Throws `INVALID_TASK` if it is not in the payload in force. */
export function restored(services: Services, inForce: Services | null): Services {
  const kept = new Map<unknown, unknown>();
  mapSecrets(inForce, (secret, mark) => kept.set(mark, secret));
  return mapSecrets(services, (value, mark) => {
    if (typeof value !== "string" || !value.startsWith(HIDDEN)) return value;
    if (kept.has(value)) return kept.get(value);
    const field = mark.replace(HIDDEN, "services");
    const allowed = "the value itself: none is kept under this name";
    throw invalid("INVALID_TASK", field, value, allowed);
  }) as Services;
}

function mapSecrets(
  value: unknown,
  map: (secret: unknown, mark: string) => unknown,
  path = HIDDEN,
  isSecret = false,
): unknown {
  if (Array.isArray(value)) return value.map((item, i) => mapSecrets(item, map, `${path}[${i}]`, isSecret));
  if (typeof value !== "object" || value === null) return isSecret ? map(value, path) : value;
  const fields = Object.entries(value).map(([name, item]) => [
    name,
    mapSecrets(item, map, `${path}.${name}`, isSecret || SECRET.test(name)),
  ]);
  return Object.fromEntries(fields);
}
