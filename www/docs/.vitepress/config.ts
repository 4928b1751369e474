/** The documentation site: English at the root, 简体中文 below zh/. `npm run docs` adds the references and builds it. */
import { join } from "node:path";
import { type DefaultTheme, defineConfig, type SiteConfig } from "vitepress";
import { tokenize } from "./theme/tokenize.ts";

interface Texts {
  guide: string;
  guides: [page: string, title: string][];
  tryIt: string;
  api: string;
  rust: string;
  reference: string;
}

const EN: Texts = {
  guide: "Guide",
  guides: [
    ["start", "Getting started"],
    ["server", "Run on a server"],
    ["settings", "Settings"],
    ["viewer", "Viewers"],
    ["cloudflare", "Cloudflare Workers"],
    ["serve", "A server of your own"],
    ["failures", "Failures"],
    ["events", "Events"],
    ["testing", "Testing with the emulator"],
    ["bundling", "Bundling and runtimes"],
    ["costs", "Costs"],
    ["security", "Security"],
    ["troubleshooting", "Troubleshooting"],
    ["recipes", "Recipes"],
  ],
  tryIt: "Try it here",
  api: "API reference",
  rust: "Rust crate",
  reference: "Reference",
};

const ZH: Texts = {
  guide: "指南",
  guides: [
    ["start", "快速开始"],
    ["server", "在服务器上运行"],
    ["settings", "设置"],
    ["viewer", "观众端"],
    ["cloudflare", "Cloudflare Workers"],
    ["serve", "自建服务器"],
    ["failures", "异常处理"],
    ["events", "事件"],
    ["testing", "使用模拟器测试"],
    ["bundling", "打包与运行环境"],
    ["costs", "费用"],
    ["security", "安全"],
    ["troubleshooting", "故障排查"],
    ["recipes", "实用示例"],
  ],
  tryIt: "在线试用",
  api: "API 参考",
  rust: "Rust crate",
  reference: "参考",
};

/** The pages of the API reference, which is in English only. */
const MODULES: [name: string, page: string][] = [
  ["steadymix", "steadymix"],
  ["steadymix/viewer", "viewer"],
  ["steadymix/viewer/react", "viewer/react"],
  ["steadymix/rtc-tokens", "rtc-tokens"],
  ["steadymix/cloudflare", "cloudflare"],
  ["steadymix/emulator", "emulator"],
];

/** The navigation of one language, whose pages are below `at`. */
function navigationOf(texts: Texts, at: string): Pick<DefaultTheme.Config, "nav" | "sidebar"> {
  return {
    nav: [
      { text: texts.guide, link: `${at}guide/start`, activeMatch: `^${at}guide/` },
      { text: texts.tryIt, link: `${at}try` },
      { text: texts.api, link: `${at}api/`, activeMatch: "/api/" },
    ],
    sidebar: [
      { text: texts.guide, items: texts.guides.map(([page, text]) => ({ text, link: `${at}guide/${page}` })) },
      {
        text: texts.reference,
        items: [
          { text: texts.tryIt, link: `${at}try` },
          {
            text: texts.api,
            link: `${at}api/`,
            collapsed: true,
            items: MODULES.map(([text, page]) => ({ text, link: `${at}api/${page}` })),
          },
          { text: texts.rust, link: `${at}rust/` },
        ],
      },
    ],
  };
}

/** Removes the tokenizer from the site's data: pages would create it by `eval`, which their policy forbids. */
function withoutTokenizer() {
  let site: SiteConfig | undefined;
  let isLast = false;
  return {
    name: "without-tokenizer",
    configResolved(config: { build: { ssr: unknown } }) {
      site = (config as unknown as { vitepress: SiteConfig }).vitepress;
      isLast = Boolean(config.build.ssr);
    },
    closeBundle() {
      if (isLast) delete site?.site.themeConfig.search.options.miniSearch.options.tokenize;
    },
  };
}

/** The imports of the package by its name. `npm start` replaces the published build by its own. */
const alias: Record<string, string> = JSON.parse(process.env.STEADYMIX_ALIASES ?? "{}");

/** The icon of the viewer page and the console. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='6' cy='8' r='5' fill='%233b82f6'/%3E%3Ccircle cx='10' cy='8' r='5' fill='%23f59e0b' fill-opacity='.8'/%3E%3C/svg%3E";

export default defineConfig({
  title: "Steadymix",
  base: "/docs/",
  head: [["link", { rel: "icon", href: ICON }]],
  cleanUrls: true,
  // rustdoc's.
  srcExclude: ["public/**"],
  metaChunk: true,
  ignoreDeadLinks: false,
  outDir: "../../target/www/docs",
  cacheDir: "../../target/vitepress",
  vite: {
    resolve: { alias },
    plugins: [withoutTokenizer()],
    // For `vitepress dev`: the package is outside of this folder.
    server: { fs: { allow: [join(import.meta.dirname, "..", "..", "..")] } },
  },
  markdown: { theme: { light: "github-light", dark: "github-dark" } },
  locales: {
    root: {
      label: "English",
      lang: "en",
      description: "Keeps Agora Cloud Transcoding tasks running and moves viewers to the output that is on air",
      themeConfig: navigationOf(EN, "/"),
    },
    zh: {
      label: "简体中文",
      lang: "zh-CN",
      description: "保持声网云端转码任务运行，并让观众端切换到正常的输出",
      themeConfig: {
        ...navigationOf(ZH, "/zh/"),
        outline: { level: [2, 3], label: "本页目录" },
        docFooter: { prev: "上一篇", next: "下一篇" },
        darkModeSwitchLabel: "外观",
        lightModeSwitchTitle: "切换到浅色模式",
        darkModeSwitchTitle: "切换到深色模式",
        sidebarMenuLabel: "目录",
        returnToTopLabel: "回到顶部",
        langMenuLabel: "切换语言",
        skipToContentLabel: "跳到正文",
        notFound: {
          title: "页面不存在",
          quote: "请检查地址，或从首页重新进入。",
          linkLabel: "回到首页",
          linkText: "回到首页",
        },
      },
    },
  },
  themeConfig: {
    outline: { level: [2, 3] },
    search: {
      provider: "local",
      options: {
        miniSearch: { options: { tokenize } },
        locales: {
          zh: {
            translations: {
              button: { buttonText: "搜索", buttonAriaLabel: "搜索" },
              modal: {
                displayDetails: "显示详情",
                resetButtonTitle: "清除",
                backButtonTitle: "关闭",
                noResultsText: "没有结果：",
                footer: {
                  selectText: "打开",
                  selectKeyAriaLabel: "回车",
                  navigateText: "选择",
                  navigateUpKeyAriaLabel: "上箭头",
                  navigateDownKeyAriaLabel: "下箭头",
                  closeText: "关闭",
                  closeKeyAriaLabel: "Esc",
                },
              },
            },
          },
        },
      },
    },
  },
});
