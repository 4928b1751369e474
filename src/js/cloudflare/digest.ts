const encoder = new TextEncoder();

export function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", encoder.encode(text));
}

export async function sha256Hex(text: string): Promise<string> {
  return Array.from(new Uint8Array(await sha256(text)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A digest of a JSON value that does not depend on the order of its keys. */
export function fingerprint(value: unknown): Promise<string> {
  const sorted = (_key: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return sha256Hex(JSON.stringify(value, sorted));
}
