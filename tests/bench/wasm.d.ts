/** Made by `npm run bench`. */
declare module "*/steadymix_bench.js" {
  type Machine = import("../../dist/viewer/index.js").Failover;
  export function initSync(options: { module: BufferSource }): void;
  /** What one answer of one call means. */
  export const interpretAsObject: typeof import("../../dist/index.js").interpret;
  /** A viewer's failover that takes and gives objects. */
  export class FailoverOfObjects implements Pick<Machine, "handle" | "poll"> {
    constructor(uids: Uint32Array, now: number);
    handle: Machine["handle"];
    poll: Machine["poll"];
  }
}
