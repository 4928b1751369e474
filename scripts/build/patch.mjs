/**
 * What a tool wrote, with parts of it replaced; an error if one of them is not there any more.
 * @param {string} text
 * @param {{ from: RegExp, to: string }[]} patches
 * @param {string} tool
 */
export function patched(text, patches, tool) {
  return patches.reduce((text, { from, to }) => {
    if (!from.test(text)) throw new Error(`${tool} writes nothing like ${from} any more: see what is patched in it`);
    return text.replace(from, to);
  }, text);
}
