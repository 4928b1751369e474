import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { aliasesOf } from "../../scripts/build/development.mjs";

const wrangler = { configPath: "./wrangler.jsonc" };
const test = { testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false };
const SUPERVISION = "supervision.test.ts";
const QUOTA = { callsPerSecond: 7, burst: 2, pcw: 10_000 };

// A build other than dist/, for `npm run mutants`.
const built = process.env.STEADYMIX_PACKAGE;
const OF_BUILT =
  built === undefined
    ? []
    : [
        ...Object.entries(aliasesOf("workerd", built)).map(([find, replacement]) => ({ find, replacement })),
        { find: /^\.\.\/\.\.\/dist\//, replacement: `${built}/` },
      ];

export default defineConfig({
  root: import.meta.dirname,
  resolve: { alias: OF_BUILT },
  cacheDir: "../../target/vitest",
  test: {
    projects: [
      {
        extends: true,
        plugins: [cloudflareTest({ wrangler })],
        test: { ...test, name: "worker", include: ["*.test.ts"], exclude: [SUPERVISION] },
      },
      // Takes as long as all others together: `npm test` runs it in parallel.
      {
        extends: true,
        plugins: [cloudflareTest({ wrangler })],
        test: { ...test, name: "supervision", include: [SUPERVISION] },
      },
      {
        extends: true,
        plugins: [cloudflareTest({ wrangler, miniflare: { bindings: { QUOTA } } })],
        test: { ...test, name: "quota", include: ["quota/*.test.ts"] },
      },
    ],
  },
});
