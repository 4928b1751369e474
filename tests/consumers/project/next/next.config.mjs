import { join } from "node:path";

// The packages are one folder up.
const root = join(import.meta.dirname, "..");

export default { turbopack: { root }, outputFileTracingRoot: root };
