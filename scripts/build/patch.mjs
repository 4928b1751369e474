/**
 * Replaces parts of a tool's output. Throws if one of them is missing.
 * @param {string} text
 * @param {{ from: RegExp, to: string }[]} patches
 * @param {string} tool
 */
export function patched(text, patches, tool) {
  return patches.reduce((text, { from, to }) => {
    if (!from.test(text)) throw new Error(`the output of ${tool} no longer matches ${from}: update the patch`);
    return text.replace(from, to);
  }, text);
}
