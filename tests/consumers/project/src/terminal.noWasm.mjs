// The package is imported dynamically because WebAssembly must be missing before.
delete globalThis.WebAssembly;
const { FailoverViewer } = await import("steadymix/viewer");
const { switchedWithout } = await import("./calls.mjs");

console.log(await switchedWithout(FailoverViewer));
