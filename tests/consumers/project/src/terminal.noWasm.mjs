// Before the package is there, which is why it is not imported above.
delete globalThis.WebAssembly;
const { FailoverViewer } = await import("steadymix/viewer");
const { switchedWithout } = await import("./calls.mjs");

console.log(await switchedWithout(FailoverViewer));
