// Turns the frames of a screencast into pictures at a steady rate.
import sharp from "sharp";

/** The page's video has 15 frames a second. */
const FPS = 15;
/** A longer time without a frame means that the machine is too busy. The video itself stands still for 0.3 s. */
const MAX_GAP_MS = 500;

/**
 * @param {import("./record.mjs").Frame[]} frames
 * @returns {Promise<import("./encode.mjs").Picture[]>}
 */
export async function picturesOf(frames) {
  const [first, last] = [frames[0], frames.at(-1)];
  if (!first || !last) throw new Error("the browser recorded no frames");
  for (const [i, { at }] of frames.entries()) {
    const gap = at - (frames[i - 1]?.at ?? at);
    if (gap > MAX_GAP_MS) throw new Error(`the browser recorded no frame for ${Math.round(gap)} ms`);
  }
  const pictures = [];
  const timeOf = (/** @type {number} */ count) => Math.round((count * 1000) / FPS);
  const count = Math.floor(((last.at - first.at) / 1000) * FPS);
  for (let i = 0; i < count; i++) {
    // Frames are a fraction of a millisecond late.
    const frame = frames.findLast(({ at }) => at - first.at <= timeOf(i) + 1) ?? first;
    const rgb = await sharp(frame.png).removeAlpha().raw().toBuffer();
    pictures.push({ rgb, ms: timeOf(i + 1) - timeOf(i) });
  }
  return pictures;
}
