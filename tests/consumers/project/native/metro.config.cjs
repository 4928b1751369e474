// React Native's condition and transformer; the rest is for the sources here, which are modules and have no Babel runtime.
module.exports = {
  projectRoot: `${__dirname}/..`,
  resolver: { sourceExts: ["mjs", "js", "json"], unstable_conditionNames: ["react-native"], useWatchman: false },
  transformer: {
    babelTransformerPath: require.resolve("@react-native/metro-babel-transformer"),
    enableBabelRuntime: false,
  },
};
