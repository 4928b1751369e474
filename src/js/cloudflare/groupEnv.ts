import { member } from "../member.js";
import { rtcTokens } from "../rtc-tokens.js";
import type { SupervisorEnv } from "../types.js";
import type { BroadcastOptions } from "./broadcastOptions.js";
import type { SteadymixEnv } from "./environment.js";
import type { SharedQuota } from "./sharedQuota.js";

interface Sources {
  env: SteadymixEnv;
  /** Override the environment. */
  options: BroadcastOptions;
  /** The broadcast's id. */
  id: string;
  quota: SharedQuota;
  persist: (snapshot: string) => Promise<void>;
  onEvent: NonNullable<SupervisorEnv["onEvent"]>;
}

/** The credentials and callbacks of a broadcast's `RedundancyGroup`. */
export function groupEnv({ env, options, id, quota, persist, onEvent }: Sources): SupervisorEnv {
  const fetch = member(options, "fetch");
  const rtcToken = member(options, "rtcToken");
  const service = env.AGORA_SERVICE;
  const certificate = env.AGORA_APP_CERTIFICATE;
  return {
    customerId: env.AGORA_CUSTOMER_ID,
    customerSecret: env.AGORA_CUSTOMER_SECRET,
    ...(fetch ? { fetch } : service ? { fetch: (input, init) => service.fetch(input, init) } : {}),
    ...(rtcToken ? { rtcToken } : certificate ? { rtcToken: rtcTokens(env.AGORA_APP_ID, certificate) } : {}),
    persist,
    acquirePermit: ({ lane, call }) => quota.acquire(`${id}/${lane}`, call),
    permitUsed: ({ lane }) => quota.used(`${id}/${lane}`),
    get fallbackQueryIntervalMs() {
      return quota.fallbackQueryIntervalMs;
    },
    onEvent,
  };
}
