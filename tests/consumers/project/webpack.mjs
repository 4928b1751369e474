// webpack's command is a package of its own.
import webpack from "webpack";

const output = { path: process.argv[2], filename: "page.js" };
webpack({ mode: "production", entry: "./src/page.mjs", output }, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString());
  process.exit(1);
});
