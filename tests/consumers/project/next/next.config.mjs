import { join } from "node:path";

// The packages are in the parent folder.
const root = join(import.meta.dirname, "..");

export default { turbopack: { root }, outputFileTracingRoot: root };
