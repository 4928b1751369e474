// What React Native's own settings are for these, and no more.
module.exports = {
  projectRoot: `${__dirname}/..`,
  resolver: { sourceExts: ["mjs", "js", "json"], unstable_conditionNames: ["react-native"], useWatchman: false },
  transformer: {
    babelTransformerPath: require.resolve("@react-native/metro-babel-transformer"),
    enableBabelRuntime: false,
  },
};
