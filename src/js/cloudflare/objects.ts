/** Calls to the Worker's Durable Objects, and checks of their bindings. */
import type { AppQuota } from "./appQuota.js";
import type { Broadcast } from "./broadcast.js";
import type { SteadymixEnv } from "./environment.js";
import { Rejection } from "./rejection.js";
import type { Relay } from "./relay.js";

/** The class of each binding. */
const CLASSES = { BROADCAST: "Broadcast", APP_QUOTA: "AppQuota", RELAY: "Relay" } as const;

type Binding = keyof typeof CLASSES;
type Objects = { BROADCAST: Broadcast; APP_QUOTA: AppQuota; RELAY: Relay };

/** The methods of an object as seen from another one. */
export type Remote<T> = {
  [Name in keyof T]: T[Name] extends (...args: infer Args) => infer Value
    ? (...args: Args) => Promise<Awaited<Value>>
    : never;
};

/** Crosses objects in the message: errors lose their fields on the way. */
const NOT_SQLITE = "the class must be among new_sqlite_classes";
/** The runtime's errors for a class without the method that is called. */
const OTHER_CLASS = /does not (implement|support|export)|is not a function/;

/** Throws `MISCONFIGURED` unless every binding is there. */
export function checkBindings(env: SteadymixEnv): void {
  for (const binding of Object.keys(CLASSES) as Binding[]) {
    const namespace: unknown = env[binding];
    if (typeof (namespace as DurableObjectNamespace | undefined)?.idFromName === "function") continue;
    throw misbound(binding, namespace === undefined ? "not bound" : "bound to something else");
  }
}

/** For constructors: throws unless the object's storage is SQLite. */
export function requireSqlite({ storage }: DurableObjectState): void {
  try {
    storage.sql.exec("SELECT 1");
  } catch (error) {
    throw new Error(NOT_SQLITE, { cause: error });
  }
}

/** Calls `act` with the object of this name. Throws `MISCONFIGURED` if the binding is missing or wrong. */
export async function reach<B extends Binding, Value>(
  env: SteadymixEnv,
  binding: B,
  name: string,
  act: (object: Remote<Objects[B]>) => Promise<Value>,
): Promise<Value> {
  checkBindings(env);
  const namespace: DurableObjectNamespace = env[binding];
  const object: unknown = namespace.get(namespace.idFromName(name));
  await checkClass(binding, namespace, object as Remote<Relay>);
  return act(object as Remote<Objects[B]>);
}

/** The class of each namespace that has been checked. */
const classNames = new WeakMap<DurableObjectNamespace, string>();

/** Objects of another class may have the same methods, so each namespace is asked for its class once. */
async function checkClass(
  binding: Binding,
  namespace: DurableObjectNamespace,
  object: Pick<Remote<Objects[Binding]>, "className">,
): Promise<void> {
  if (classNames.get(namespace) === CLASSES[binding]) return;
  const className = await object.className().catch((error: unknown) => {
    const message = error instanceof Error ? error.message : "";
    if (message.includes(NOT_SQLITE)) {
      const allowed = `the class of ${binding} must be among new_sqlite_classes of the migrations, not new_classes`;
      const remedy = "A class that was deployed cannot change: give it another name, and a migration with another tag";
      throw new Rejection("MISCONFIGURED", `${allowed}. ${remedy}.`, { field: "migrations", allowed });
    }
    if (OTHER_CLASS.test(message)) return undefined;
    throw error;
  });
  if (className !== CLASSES[binding]) throw misbound(binding, "bound to another class");
  classNames.set(namespace, className);
}

/** `reach` for the App ID's `AppQuota`. Throws `QUOTA_UNAVAILABLE` if it fails or does not answer in time. */
export async function reachQuota<Value>(
  env: SteadymixEnv,
  act: (quota: Remote<AppQuota>) => Promise<Value>,
  timeoutMs = QUOTA_TIMEOUT_MS,
): Promise<Value> {
  let giveUp = () => {};
  const late = new Promise<never>((_, reject) => {
    giveUp = () => reject(new Error(`no answer within ${timeoutMs} ms`));
  });
  const timer = setTimeout(giveUp, timeoutMs);
  try {
    return await Promise.race([reach(env, "APP_QUOTA", env.AGORA_APP_ID, act), late]);
  } catch (error) {
    if (error instanceof Rejection) throw error;
    console.error("steadymix: AppQuota:", error);
    throw new Rejection("QUOTA_UNAVAILABLE", "the object with the App ID's limits does not answer: try again later");
  } finally {
    clearTimeout(timer);
  }
}

/**
 * With many broadcasts on a busy machine, an answer may take this long (see `src/quota/permits.rs`). A shorter timeout would
 * make all of them call without permits, far too often.
 */
const QUOTA_TIMEOUT_MS = 20_000;

function misbound(field: Binding, value: string): Rejection {
  const allowed = `a Durable Object binding of the class ${CLASSES[field]} of steadymix/cloudflare, or of one that extends it`;
  return new Rejection("MISCONFIGURED", `${field} is ${value}, but must be ${allowed}`, { field, value, allowed });
}
