// Encodes frames as an animated PNG with one palette. It is sharper than a GIF of the same size, and programs that cannot animate
// it show its first frame.
import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
/** The index of pixels that do not change. */
const UNCHANGED = 0;
const MAX_COLOURS = 255;
/** Colours that differ by no more in any channel count as the same. It removes most of the noise of the video codec. */
const TOLERANCE = 10;

/**
 * @typedef {object} Picture
 * @property {Buffer} rgb three bytes for each pixel
 * @property {number} ms how long it is shown
 */

/**
 * @param {Picture[]} pictures
 * @param {number} width
 * @param {number} height
 * @returns {Buffer}
 */
export function encodeAnimation(pictures, width, height) {
  for (const [i, { rgb }] of pictures.entries()) keepSimilar(rgb, pictures[i - 1]?.rgb);
  const { palette, indexOf } = paletteOf(pictures);

  /** @type {{ data: Buffer, area: Area, ms: number }[]} */
  const frames = [];
  /** @type {Uint8Array | undefined} */
  let previous;
  for (const { rgb, ms } of pictures) {
    const indexes = new Uint8Array(width * height);
    for (let i = 0; i < indexes.length; i++) indexes[i] = indexOf.get(colourAt(rgb, 3 * i)) ?? UNCHANGED;
    const area = changedArea(indexes, previous, width, height);
    const last = frames.at(-1);
    if (area) frames.push({ data: compress(indexes, previous, area, width), area, ms });
    else if (last) last.ms += ms;
    previous = indexes;
  }
  return write(frames, palette, width, height);
}

/** @param {Buffer} rgb @param {number} at */
function colourAt(rgb, at) {
  return ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);
}

/** The largest difference in any channel. @param {number} a @param {number} b */
function difference(a, b) {
  return Math.max(
    Math.abs((a >> 16) - (b >> 16)),
    Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)),
    Math.abs((a & 255) - (b & 255)),
  );
}

/** Pixels that hardly change keep their colour. @param {Buffer} rgb @param {Buffer | undefined} previous */
function keepSimilar(rgb, previous) {
  if (!previous) return;
  for (let at = 0; at < rgb.length; at += 3) {
    const [now, before] = [colourAt(rgb, at), colourAt(previous, at)];
    if (now !== before && difference(now, before) <= TOLERANCE) previous.copy(rgb, at, at, at + 3);
  }
}

/**
 * The most frequent colours. Each other colour is replaced by the most similar one of them.
 * @param {Picture[]} pictures
 */
function paletteOf(pictures) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const { rgb } of pictures) {
    for (let at = 0; at < rgb.length; at += 3) {
      const colour = colourAt(rgb, at);
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
  }
  const byFrequency = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  for (let tolerance = TOLERANCE; ; tolerance++) {
    const found = paletteWith(byFrequency, tolerance);
    if (found.palette.length <= MAX_COLOURS) return found;
  }
}

/** @param {number[]} byFrequency @param {number} tolerance */
function paletteWith(byFrequency, tolerance) {
  /** @type {number[]} */
  const palette = [];
  /** @type {Map<number, number>} from 1: 0 is `UNCHANGED` */
  const indexOf = new Map();
  for (const colour of byFrequency) {
    let [nearest, distance] = [-1, tolerance + 1];
    for (const [i, other] of palette.entries()) {
      const to = difference(colour, other);
      if (to < distance) [nearest, distance] = [i, to];
    }
    if (nearest < 0) nearest = palette.push(colour) - 1;
    indexOf.set(colour, nearest + 1);
    if (palette.length > MAX_COLOURS) break;
  }
  return { palette, indexOf };
}

/** @typedef {{ left: number, top: number, width: number, height: number }} Area */

/**
 * The smallest rectangle that contains all changes.
 * @param {Uint8Array} indexes
 * @param {Uint8Array | undefined} previous
 * @param {number} width
 * @param {number} height
 * @returns {Area | undefined}
 */
function changedArea(indexes, previous, width, height) {
  if (!previous) return { left: 0, top: 0, width, height };
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let i = 0; i < indexes.length; i++) {
    if (indexes[i] === previous[i]) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = y;
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * @param {Uint8Array} indexes
 * @param {Uint8Array | undefined} previous
 * @param {Area} area
 * @param {number} stride
 */
function compress(indexes, previous, area, stride) {
  // Each line begins with the type of its filter: none.
  const lines = Buffer.alloc((area.width + 1) * area.height);
  for (let y = 0; y < area.height; y++) {
    for (let x = 0; x < area.width; x++) {
      const from = (area.top + y) * stride + area.left + x;
      const index = indexes[from] ?? UNCHANGED;
      lines[y * (area.width + 1) + 1 + x] = index === previous?.[from] ? UNCHANGED : index;
    }
  }
  return deflateSync(lines, { level: 9, memLevel: 9 });
}

/**
 * The chunks of https://www.w3.org/TR/png-3/.
 * @param {{ data: Buffer, area: Area, ms: number }[]} frames
 * @param {number[]} palette
 * @param {number} width
 * @param {number} height
 */
function write(frames, palette, width, height) {
  const chunks = [SIGNATURE];
  // 8 bits for each pixel, with a palette.
  chunks.push(chunk("IHDR", uint32(width, height), Buffer.of(8, 3, 0, 0, 0)));
  // 0: it repeats forever.
  chunks.push(chunk("acTL", uint32(frames.length, 0)));
  chunks.push(chunk("PLTE", Buffer.from([UNCHANGED, ...palette].flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))));
  // `UNCHANGED` is transparent.
  chunks.push(chunk("tRNS", Buffer.of(0)));
  let sequence = 0;
  for (const [i, { data, area, ms }] of frames.entries()) {
    const delay = Buffer.alloc(6);
    delay.writeUInt16BE(ms, 0);
    delay.writeUInt16BE(1000, 2);
    // The previous frame stays, and this one is drawn over it.
    delay.set([0, 1], 4);
    chunks.push(chunk("fcTL", uint32(sequence++, area.width, area.height, area.left, area.top), delay));
    chunks.push(i === 0 ? chunk("IDAT", data) : chunk("fdAT", uint32(sequence++), data));
  }
  chunks.push(chunk("IEND"));
  return Buffer.concat(chunks);
}

/** @param {string} type @param {...Buffer} parts */
function chunk(type, ...parts) {
  const content = Buffer.concat([Buffer.from(type, "latin1"), ...parts]);
  return Buffer.concat([uint32(content.length - 4), content, uint32(crc32(content))]);
}

/** @param {...number} values */
function uint32(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}
