export default {
  build: {
    chunkSizeWarningLimit: 5000,
    rolldownOptions: { input: process.env.PAGE ?? "src/page.mjs", output: { entryFileNames: "page.js" } },
  },
};
