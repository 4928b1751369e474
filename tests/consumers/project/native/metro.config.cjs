// React Native's condition and transformer. The other settings support sources that are modules without a Babel runtime.
module.exports = {
  projectRoot: `${__dirname}/..`,
  resolver: { sourceExts: ["mjs", "js", "json"], unstable_conditionNames: ["react-native"], useWatchman: false },
  transformer: {
    babelTransformerPath: require.resolve("@react-native/metro-babel-transformer"),
    enableBabelRuntime: false,
  },
};
