/** A `fetch` that sends calls to any domain to the emulator's server at `base`. */
export function loopbackFetch(base: string): typeof fetch {
  return async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input);
    const response = await fetch(`${base}/${asked.host}${asked.pathname}${asked.search}`, init);
    if (response.headers.get("x-emulator-failure") === "dns") {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" }) });
    }
    return response;
  };
}
