type SteadymixEnv = import("steadymix/cloudflare").SteadymixEnv;

declare namespace Cloudflare {
  interface Env extends SteadymixEnv {}
  interface GlobalProps {
    mainModule: typeof import("./worker.ts");
  }
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
