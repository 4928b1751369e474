// webpack's command line is a separate package.
import webpack from "webpack";

const [path, entry = "./src/page.mjs"] = process.argv.slice(2);
webpack({ mode: "production", entry, output: { path, filename: "page.js" } }, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString());
  process.exit(1);
});
