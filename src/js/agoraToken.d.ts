/** The part of `agora-token` that makes RTC tokens; the package has types only for its main entry. */
declare module "agora-token/src/RtcTokenBuilder2.js" {
  const tokens: Pick<typeof import("agora-token"), "RtcTokenBuilder"> & { Role: typeof import("agora-token").RtcRole };
  export default tokens;
}
