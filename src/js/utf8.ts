// UTF-8 for runtimes in which `TextEncoder` and `TextDecoder` may be missing, such as jsdom. The fallback uses URI escapes, which
// are UTF-8.

interface Encoder {
  encode(text: string): Uint8Array;
}

interface Decoder {
  decode(bytes?: Uint8Array): string;
}

export function textEncoder(): Encoder {
  return typeof TextEncoder === "function" ? new TextEncoder() : { encode };
}

/** For valid UTF-8 only. */
export function textDecoder(): Decoder {
  return typeof TextDecoder === "function" ? new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }) : { decode };
}

function encode(text: string): Uint8Array {
  // `encodeURIComponent` throws at an unpaired surrogate.
  const escaped = encodeURIComponent(text.replace(/\p{Cs}/gu, "\ufffd"));
  const bytes = escaped.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
}

function decode(bytes: Uint8Array = new Uint8Array()): string {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
}
