// The package's main entry also loads the token builders of all other products. It is CommonJS: its names are members of the
// default import.
import tokens from "agora-token/src/RtcTokenBuilder2.js";
import { asText, integer, secret, uint32 } from "./check.js";
import type { Uid } from "./types.js";

const DAY_S = 86_400;

/**
 * Returns a `SupervisorEnv.rtcToken` that makes RTC tokens from the project's App certificate. Tokens of outputs may publish;
 * the token of the inputs (uid 0) may subscribe. They expire after `lifetimeS` seconds: at most, and by default, 86400 (a
 * day). A task cannot join again with an expired token.
 */
export function rtcTokens(
  appId: string,
  certificate: string,
  lifetimeS = DAY_S,
): (uid: Uid, channel: string) => string {
  const [project, key] = [asText("appId", appId), secret("certificate", certificate)];
  const ttlS = Math.min(integer("lifetimeS", lifetimeS, 1, Number.MAX_SAFE_INTEGER), DAY_S);
  return (given, channelName) => {
    const [uid, channel] = [uint32("uid", given), asText("channel", channelName)];
    const role = uid === 0 ? tokens.Role.SUBSCRIBER : tokens.Role.PUBLISHER;
    const token = tokens.RtcTokenBuilder.buildTokenWithUid(project, key, channel, uid, role, ttlS, ttlS);
    // To the core, an empty token means that the project has no certificate.
    if (token === "") throw new Error("App ID and App certificate must be 32 hexadecimal digits each");
    return token;
  };
}
