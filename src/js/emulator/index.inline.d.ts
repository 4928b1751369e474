/** The entry that the build makes for Node, as the command line imports it. */
export * from "./index.js";
