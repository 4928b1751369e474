// Reloads open pages of a development build after a rebuild.
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { allFiles, contentsOf } from "./files.mjs";

const INTERVAL_MS = 500;

/**
 * The script of the pages. It is a file because the content security policy forbids inline scripts. It waits until the server has
 * all files of the build: the server rereads the folder with a delay.
 * @param {string} built identifies the build that the page belongs to
 */
const scriptOf = (built) => `const poll = async () => {
  try {
    const answer = await fetch("/built.txt", { cache: "no-store" });
    const [built, ...files] = answer.ok ? (await answer.text()).split("\\n") : ["${built}"];
    if (built !== "${built}") {
      const answers = await Promise.all(files.map((file) => fetch(file, { method: "HEAD", cache: "no-store" })));
      if (answers.every(({ ok }) => ok)) location.reload();
    }
  } catch {
    // The server is restarting.
  }
  setTimeout(poll, ${INTERVAL_MS});
};
void poll();
`;

/** @type {import("vite").Plugin} */
export const reloading = {
  name: "reload",
  transformIndexHtml: () => [{ tag: "script", attrs: { type: "module", src: "/reload.js" }, injectTo: "head" }],
};

/**
 * Writes the script and the file that it polls, with the build's id and its files.
 * @param {string} site the folder of the pages
 */
export function writeReload(site) {
  const built = contentsOf(site);
  const files = allFiles(join(site, "assets")).map((file) => `/${relative(site, file)}`);
  writeFileSync(join(site, "reload.js"), scriptOf(built));
  writeFileSync(join(site, "built.txt"), [built, ...files].join("\n"));
}
