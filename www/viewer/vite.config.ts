import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "../../target/www/site",
    emptyOutDir: true,
    target: "es2022",
    rollupOptions: { input: { index: "index.html" } },
    // Heavy parts (Agora's SDK, the demonstration) are loaded on demand.
    chunkSizeWarningLimit: 3000,
  },
  server: { host: "127.0.0.1", fs: { allow: ["../.."] } },
  preview: { host: "127.0.0.1" },
});
