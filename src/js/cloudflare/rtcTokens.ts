import { RtcRole, RtcTokenBuilder } from "agora-token";
import type { Uid } from "../types.js";

const DAY_S = 86_400;

/**
 * Makes RTC tokens from the project's App certificate, as a host's `rtcToken` wants them: those of outputs may publish,
 * that of the inputs (uid 0) may subscribe. They are good for `lifetimeS` seconds, at most (and by default) a day, after
 * which only a new launch, with a new token, could join again.
 */
export function rtcTokens(
  appId: string,
  certificate: string,
  lifetimeS = DAY_S,
): (uid: Uid, channel: string) => string {
  const lasts = Math.min(lifetimeS, DAY_S);
  return (uid, channel) => {
    const role = uid === 0 ? RtcRole.SUBSCRIBER : RtcRole.PUBLISHER;
    const token = RtcTokenBuilder.buildTokenWithUid(appId, certificate, channel, uid, role, lasts, lasts);
    // An empty one would be taken for that of a project without a certificate.
    if (token === "") throw new Error("App ID and App certificate must be 32 hexadecimal digits each");
    return token;
  };
}
