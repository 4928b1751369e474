// Checks the links of a built site.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { allFiles } from "./files.mjs";

/** Pages from rustdoc, which checks their links itself. */
const BY_RUSTDOC = /^rust\/(?!index\.html$)/;

/**
 * Finds links to pages, files and anchors that are missing. Links to other sites are only listed.
 * @param {string} folder of the site
 * @param {string} base its path on the server; other paths are not checked
 */
export function checkLinks(folder, base) {
  const pages = allFiles(folder).filter((file) => file.endsWith(".html"));
  const anchors = new Map(pages.map((file) => [file, anchorsOf(readFileSync(file, "utf8"))]));
  /** @type {string[]} */
  const dead = [];
  const external = new Set();
  for (const file of pages) {
    const name = relative(folder, file);
    if (BY_RUSTDOC.test(name)) continue;
    const page = new URL(name.replace(/(index)?\.html$/, ""), `http://site${base}`);
    for (const link of new Set(linksOf(readFileSync(file, "utf8")))) {
      if (/^(https?:)?\/\//.test(link)) {
        external.add(link);
        continue;
      }
      if (/^[a-z]+:/i.test(link)) continue;
      const { pathname, hash } = new URL(link, page);
      if (!pathname.startsWith(base)) {
        if (!OUTSIDE.has(pathname)) dead.push(`${name}: ${link}`);
        continue;
      }
      const target = fileOf(folder, decodeURIComponent(pathname.slice(base.length)));
      const anchor = decodeURIComponent(hash.slice(1));
      if (!target) dead.push(`${name}: ${link}`);
      else if (anchor && !anchors.get(target)?.has(anchor)) dead.push(`${name}: ${link} (no such anchor)`);
    }
  }
  return { dead: [...new Set(dead)].sort(), external: [...external].sort() };
}

/** The other pages of the Worker. */
const OUTSIDE = new Set(["/", "/console/"]);

/** The file that the Worker serves for a path. @param {string} folder @param {string} path */
function fileOf(folder, path) {
  const names = path === "" || path.endsWith("/") ? [`${path}index.html`] : [path, `${path}.html`];
  return names.map((name) => join(folder, name)).find((file) => existsSync(file) && statSync(file).isFile());
}

/** @param {string} html */
function anchorsOf(html) {
  return new Set([...html.matchAll(/<[^>]*\s(?:id|name)="([^"]*)"/g)].map(([, id]) => textOf(id ?? "")));
}

/** @param {string} html */
function linksOf(html) {
  return [...html.matchAll(/<(?:a|link|img|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map(([, url]) =>
    textOf(url ?? ""),
  );
}

/** @param {string} attribute */
function textOf(attribute) {
  return attribute
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/**
 * The hashes of all inline scripts, for a content security policy.
 * @param {string[]} files
 * @returns {string[]}
 */
export function inlineScripts(files) {
  const scripts = files
    .filter((file) => file.endsWith(".html"))
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/<script\b(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)])
    // Leaves out data, and the redirects of rustdoc, whose pages also have a `meta` element for them.
    .filter(([element, script]) => !/^[^>]*type="text\/json"/.test(element) && !script?.startsWith("location.replace("))
    .map(([, script]) => script ?? "");
  return [...new Set(scripts)].map((script) => `sha256-${createHash("sha256").update(script).digest("base64")}`).sort();
}
