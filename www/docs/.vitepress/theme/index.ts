import { defineClientComponent, type Theme } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import CostCalculator from "./CostCalculator.vue";
import { tokenize } from "./tokenize.ts";
import "./style.css";

/** Loaded in the browser only, because it runs the emulated service. */
const TryIt = defineClientComponent(() => import("./TryIt.vue"));

export default {
  extends: DefaultTheme,
  enhanceApp({ app, siteData }) {
    app.component("CostCalculator", CostCalculator);
    app.component("TryIt", TryIt);
    // The build uses the same function for the index, but cannot send it to the page.
    siteData.value.themeConfig.search.options.miniSearch.options.tokenize = tokenize;
  },
} satisfies Theme;
