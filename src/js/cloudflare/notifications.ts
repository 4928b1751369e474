import { verifyNotification } from "../blocks.js";
import { steadymixError } from "../errors.js";
import { type SteadymixEnv, words } from "./environment.js";

/** The signatures of a notification, as its headers give them. */
export interface NotificationSignatures {
  /** `Agora-Signature`: HMAC-SHA1, hexadecimal; counts only without `v2`. */
  v1?: string;
  /** `Agora-Signature-V2`: HMAC-SHA256, hexadecimal. */
  v2?: string;
}

export function signaturesOf(headers: Headers): NotificationSignatures {
  const v1 = headers.get("agora-signature");
  const v2 = headers.get("agora-signature-v2");
  return { ...(v1 === null ? {} : { v1 }), ...(v2 === null ? {} : { v2 }) };
}

/** Checks a notification's signature; while a secret is being changed, either may have signed. Throws `INVALID_SIGNATURE`. */
export function checkSignature(
  env: Pick<SteadymixEnv, "AGORA_NOTIFICATION_SECRET">,
  bytes: Uint8Array,
  { v1, v2 }: NotificationSignatures,
): void {
  let failed: unknown = steadymixError("INVALID_SIGNATURE", "there is no secret to check it with");
  for (const secret of words(env.AGORA_NOTIFICATION_SECRET)) {
    try {
      verifyNotification(secret, bytes, v1, v2);
      return;
    } catch (error) {
      failed = error;
    }
  }
  throw failed;
}
