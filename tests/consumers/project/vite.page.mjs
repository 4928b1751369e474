export default {
  build: {
    chunkSizeWarningLimit: 5000,
    rolldownOptions: { input: "src/page.mjs", output: { entryFileNames: "page.js" } },
  },
};
