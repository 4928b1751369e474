type SteadymixEnv = import("steadymix/cloudflare").SteadymixEnv;

declare namespace Cloudflare {
  interface Env extends SteadymixEnv {
    OTHER: DurableObjectNamespace;
    KV_BROADCAST: SteadymixEnv["BROADCAST"];
    KV_APP_QUOTA: SteadymixEnv["APP_QUOTA"];
    KV_RELAY: SteadymixEnv["RELAY"];
  }
  interface GlobalProps {
    mainModule: typeof import("./worker.ts");
  }
}

declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
