import { defineConfig } from "vite";

/** The pages of the viewer's tests and of its benchmark. */
export default defineConfig({
  root: `${import.meta.dirname}/pages`,
  base: "./",
  build: {
    outDir: "../../../target/www/tests",
    emptyOutDir: true,
    target: "es2022",
    minify: false,
    chunkSizeWarningLimit: 5000,
    rollupOptions: {
      input: ["bench", "channel", "entries", "react", "sdk"].map((page) => `${import.meta.dirname}/pages/${page}.html`),
    },
  },
});
