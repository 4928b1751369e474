/** Made by `npm run bench`. */
declare module "*/objects.js" {
  type Machine = import("steadymix/viewer").Failover;
  export function initSync(options: { module: BufferSource }): void;
  /** What one answer of one call means. */
  export const interpretAsObject: typeof import("steadymix").interpret;
  /** A viewer's failover that takes and gives objects. */
  export class FailoverOfObjects implements Pick<Machine, "handle" | "poll"> {
    constructor(uids: Uint32Array, now: number);
    handle: Machine["handle"];
    poll: Machine["poll"];
  }
}
