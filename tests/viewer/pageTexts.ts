/** All texts of a page, and whether they are in one language. */
import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** The texts that were drawn on canvases. */
    drawn: Set<string>;
  }
}

/** Records the texts that are drawn on canvases, as by charts. Call it before the page is opened. */
export async function keepWhatIsDrawn(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.drawn = new Set();
    for (const call of ["fillText", "strokeText"] as const) {
      const { prototype } = CanvasRenderingContext2D;
      const real = prototype[call];
      prototype[call] = function (text, ...rest) {
        // The pictures of the demonstration are drawn on canvases that are not in the page.
        if (this.canvas.isConnected) window.drawn.add(text);
        return real.call(this, text, ...rest);
      };
    }
  });
}

/**
 * The title, the texts, the names for assistive technology, and the texts that are drawn from now on. Without elements that have
 * a language of their own, and without codes: event types and details of errors.
 */
export async function textsOf(page: Page): Promise<string[]> {
  await page.evaluate(() => window.drawn.clear());
  // Charts are drawn four times a second.
  await page.waitForTimeout(1000);
  return page.evaluate(() => {
    const texts = [document.title, ...window.drawn];
    const isCode = (element: Element | null) =>
      element?.closest("[lang]:not(html), script, noscript, style, .detail, td b, td small");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (!isCode(node.parentElement)) texts.push(node.nodeValue ?? "");
    for (const element of document.querySelectorAll("*"))
      for (const name of ["aria-label", "title", "placeholder", "alt"])
        if (!isCode(element)) texts.push(element.getAttribute(name) ?? "");
    return [...new Set(texts.map((text) => text.trim()))].filter((text) => text !== "");
  });
}

/** Names and codes, which are the same in Chinese. */
const NAMES =
  /Steadymix|WebRTC|Worker|OPERATOR_KEYS|Content-Security-Policy|App ID|\bID\b|PCW|\b(uids?|token|ms|on-failure|primary|backup|appId|channel|none)\b|kbit\/s/gi;

export const inEnglish = (texts: string[]): string[] => texts.filter((text) => /\p{Script=Han}/u.test(text));
export const inChinese = (texts: string[]): string[] =>
  texts.filter((text) => /[a-z]{2}/i.test(text.replace(NAMES, "")));
