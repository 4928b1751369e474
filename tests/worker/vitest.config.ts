import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const wrangler = { configPath: "./wrangler.jsonc" };
const test = { testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false };
const SUPERVISION = "supervision.test.ts";
const QUOTA = { callsPerSecond: 7, burst: 2, pcw: 10_000 };

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../../target/vitest",
  test: {
    projects: [
      {
        plugins: [cloudflareTest({ wrangler })],
        test: { ...test, name: "worker", include: ["*.test.ts"], exclude: [SUPERVISION] },
      },
      // As long as all others together: `npm test` runs it beside them.
      { plugins: [cloudflareTest({ wrangler })], test: { ...test, name: "supervision", include: [SUPERVISION] } },
      {
        plugins: [cloudflareTest({ wrangler, miniflare: { bindings: { QUOTA } } })],
        test: { ...test, name: "quota", include: ["quota/*.test.ts"] },
      },
    ],
  },
});
