import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  build: { outDir: "../../target/www/site/console", emptyOutDir: true, target: "es2022" },
});
