import { verifyNotification } from "../blocks.js";
import { steadymixError } from "../errors.js";
import { type SteadymixEnv, splitAtSpaces } from "./environment.js";

/** The signatures in a notification's headers. */
export interface NotificationSignatures {
  /** `Agora-Signature`: HMAC-SHA1, hexadecimal; used only without `v2`. */
  v1?: string;
  /** `Agora-Signature-V2`: HMAC-SHA256, hexadecimal. */
  v2?: string;
}

export function signaturesOf(headers: Headers): NotificationSignatures {
  const v1 = headers.get("agora-signature");
  const v2 = headers.get("agora-signature-v2");
  return { ...(v1 === null ? {} : { v1 }), ...(v2 === null ? {} : { v2 }) };
}

/** Throws `INVALID_SIGNATURE` unless one of the secrets has signed the notification. */
export function checkSignature(
  env: Pick<SteadymixEnv, "AGORA_NOTIFICATION_SECRET">,
  bytes: Uint8Array,
  { v1, v2 }: NotificationSignatures,
): void {
  const secrets = splitAtSpaces(env.AGORA_NOTIFICATION_SECRET);
  if (secrets.length === 0) throw steadymixError("INVALID_SIGNATURE", "AGORA_NOTIFICATION_SECRET is not set");
  verifyNotification(secrets, bytes, v1, v2);
}
