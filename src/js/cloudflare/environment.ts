import type { Quota } from "../types.js";
import type { AppQuota } from "./appQuota.js";
import type { Broadcast } from "./broadcast.js";
import type { Relay } from "./relay.js";

/** What the Worker's configuration binds. Those called secrets belong into Worker secrets, never into the file. */
export interface SteadymixEnv {
  /** The class `Broadcast`. */
  BROADCAST: DurableObjectNamespace<Broadcast>;
  /** The class `AppQuota`. */
  APP_QUOTA: DurableObjectNamespace<AppQuota>;
  /** The class `Relay`. */
  RELAY: DurableObjectNamespace<Relay>;
  /** The project. */
  AGORA_APP_ID: string;
  /** Secret. Of the service's RESTful API. */
  AGORA_CUSTOMER_ID: string;
  /** Secret. Of the service's RESTful API. */
  AGORA_CUSTOMER_SECRET: string;
  /** Secret. What notifications are signed with; several, separated by spaces, while it is being changed. */
  AGORA_NOTICE_SECRET?: string;
  /** Secret. With it, RTC tokens are made for each launch. */
  AGORA_APP_CERTIFICATE?: string;
  /** A service binding that takes the calls in the place of the network, as a stand-in of the service does. */
  AGORA_SERVICE?: Fetcher;
  /** Secret. What operators show as bearer: 16 characters or more each; several are separated by spaces. */
  OPERATOR_KEYS?: string;
  /** Secret. What viewer tokens are signed with: 32 characters or more each; the first signs, all are good. */
  VIEWER_KEYS?: string;
  /** The origins whose pages may use the routes, besides the Worker's own: `https://…`, separated by spaces. */
  ALLOWED_ORIGINS?: string;
  /** The App ID's limits. Default: 7 calls a second with a burst of 2, a PCW of 30. */
  QUOTA?: Quota;
}

/** A list of secrets or origins. */
export function words(text: string | undefined): string[] {
  return (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
}
