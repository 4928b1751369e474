// The captions of the picture. All other texts in it are the page's own.

/** @typedef {"en" | "zh"} Language */

/** @type {Record<Language, { captions: string[], switched: string }>} `switched` replaces the third caption */
export const TEXTS = {
  en: {
    captions: [
      "Primary 9001 is on air.",
      "Its task dies.",
      "The viewer switches to backup 9101.",
      "Replacement 9002 is running.",
    ],
    switched: "The viewer switches to backup 9101 in {s} s.",
  },
  zh: {
    captions: ["主路 9001 正在播出", "主路的合图任务异常退出", "观众端切换到备路 9101", "新任务 9002 正在运行"],
    switched: "观众端切换到备路 9101，中断 {s} 秒",
  },
};
