// `npm run picture`: records the picture of the README from the real viewer page. See --help.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build/graph.mjs";
import { chromium } from "./build/install.mjs";
import { releasePackage, releaseSite } from "./build/steps.mjs";
import { fail, inRoot, messageOf, seconds } from "./lib.mjs";
import { startWrangler } from "./wrangler.mjs";

const HELP = `npm run picture -- [--language en|zh]

Starts the Worker and its pages on loopback with the emulated service, opens the viewer in Chromium, kills the primary, and
writes what the page shows as an animated PNG. Without --language, it makes both pictures.`;

/** @typedef {import("./picture/texts.mjs").Language} Language */

/** @type {Record<Language, string>} */
const FILES = { en: "www/docs/public/failover.png", zh: "www/docs/public/failover.zh.png" };
const MAX_BYTES = 400_000;
/** The captions round it to 0.3 s. */
const MAX_OUTAGE_MS = 349;

/** On a busy machine, frames may be late. */
const TAKES = 4;

/** @param {string} url @param {Language} language */
async function makePicture(url, language) {
  for (let take = 1; ; take++) {
    try {
      return await recordPicture(url, language);
    } catch (error) {
      if (take === TAKES) throw error;
      console.error(`Take ${take} of ${TAKES}: ${messageOf(error)}`);
    }
  }
}

/** @param {string} url @param {Language} language */
async function recordPicture(url, language) {
  // Imported here because the packages may not be installed yet.
  const { record } = await import("./picture/record.mjs");
  const { picturesOf } = await import("./picture/frames.mjs");
  const { encodeAnimation } = await import("./picture/encode.mjs");
  const { frames, outageMs, width, height } = await record(url, language);
  if (!(outageMs <= MAX_OUTAGE_MS))
    throw new Error(`the viewer was interrupted for ${outageMs} ms, expected at most ${MAX_OUTAGE_MS}`);
  const pictures = await picturesOf(frames);
  const png = encodeAnimation(pictures, width, height);
  if (png.length > MAX_BYTES) throw new Error(`the picture has ${png.length} bytes, but may have at most ${MAX_BYTES}`);
  const file = FILES[language];
  mkdirSync(dirname(inRoot(file)), { recursive: true });
  writeFileSync(inRoot(file), png);
  const duration = seconds(pictures.reduce((sum, { ms }) => sum + ms, 0));
  console.log(`${file}: ${png.length} bytes, ${duration}, interrupted for ${outageMs} ms`);
}

/** @returns {Language[] | "help"} */
function readLanguages() {
  const { values } = parseArgs({
    options: { language: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return "help";
  const { language } = values;
  if (language === undefined) return ["en", "zh"];
  if (language !== "en" && language !== "zh") throw new Error(`--language is "${language}", but must be en or zh`);
  return [language];
}

try {
  const languages = readLanguages();
  if (languages === "help") console.log(HELP);
  else {
    await build([releasePackage, releaseSite, chromium]).all;
    const worker = await startWrangler();
    try {
      for (const language of languages) await makePicture(worker.url, language);
    } finally {
      await worker.stop();
    }
  }
} catch (error) {
  fail(messageOf(error));
}
