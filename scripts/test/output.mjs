// Parses the output of test runners.

/**
 * Counts their tests: cargo's and wasm-bindgen's `3 passed; 0 failed`, Node's `pass 3` and `fail 0`, and Vitest's
 * `Tests  1 failed | 3 passed (4)`.
 * @param {string} text
 */
export function countTests(text) {
  const plain = withoutColours(text);
  const sum = (/** @type {RegExp} */ pattern) =>
    [...plain.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return {
    passed: sum(/test result: .*?(\d+) passed/g) + sum(/^(?:#|ℹ) pass (\d+)/gm) + sum(/^ *Tests .*?(\d+) passed/gm),
    failed:
      sum(/test result: .*?passed; (\d+) failed/g) + sum(/^(?:#|ℹ) fail (\d+)/gm) + sum(/^ *Tests +(\d+) failed/gm),
  };
}

/**
 * Describes the tests that did not end. Cargo reports tests that run for more than a minute. Tests of Node and Vitest have time
 * limits of their own and fail by name.
 * @param {string} text
 */
export function hangingTests(text) {
  const plain = withoutColours(text);
  const slow = [...plain.matchAll(/^test (\S+) has been running for over \d+ seconds/gm)].map(([, name]) => name ?? "");
  const hanging = slow.filter((name) => !plain.includes(`test ${name} ... `));
  if (hanging.length > 0) return `These did not end: ${hanging.join(", ")}`;
  return `The last output is:\n${plain.trimEnd().split("\n").slice(-10).join("\n")}`;
}

/** @param {string} text */
function withoutColours(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}
