/** Serves the pages from a folder, as Cloudflare's static assets do. */

const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
};
/** Names of files in it contain a digest of their contents. */
const UNCHANGING = "/assets/";

/** Answers a request for a page from the files of `folder`, with the headers of its `_headers`. */
export async function page(request: Request, folder: Fetcher): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD")
    return text(405, "only GET and HEAD are allowed", { allow: "GET, HEAD" });
  if (pathname.startsWith("/docs/"))
    return text(404, "The documentation is not part of this server. The npm package has the guides: www/docs/guide");
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const extension = /\.(\w+)$/.exec(path)?.[1];
  if (extension === undefined) {
    const { ok } = await folder.fetch(`http://folder${path}/index.html`, { method: "HEAD" });
    return ok ? Response.redirect(new URL(`${path}/`, request.url).href, 307) : text(404, "there is no such page");
  }
  const type = TYPES[extension];
  const file = type === undefined ? undefined : await folder.fetch(`http://folder${path}`, { method: request.method });
  if (!file?.ok || type === undefined) return text(404, "there is no such page");
  const headers = new Headers(await siteHeaders(folder));
  headers.set("content-type", type);
  headers.set(
    "cache-control",
    path.includes(UNCHANGING) ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate",
  );
  return new Response(file.body, { headers });
}

function text(status: number, body: string, headers: Record<string, string> = {}): Response {
  return new Response(`${body}\n`, { status, headers: { ...headers, "content-type": "text/plain; charset=utf-8" } });
}

let known: [string, string][] | undefined;

/** The headers of `_headers`, whose only rule is for all pages. */
async function siteHeaders(folder: Fetcher): Promise<[string, string][]> {
  known ??= (await (await folder.fetch("http://folder/_headers")).text()).split("\n").flatMap((line) => {
    const [, name, value] = /^\s+([\w-]+):\s*(.+)$/.exec(line) ?? [];
    return name && value ? [[name, value] as [string, string]] : [];
  });
  return known;
}
