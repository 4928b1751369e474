/** Made by `npm run bench`. */
declare module "*/objects.js" {
  type Machine = import("steadymix/viewer").Failover;
  export function initSync(options: { module: BufferSource }): void;
  type Interpret = typeof import("steadymix").interpret;
  /** What one answer of one call means: values both ways. */
  export const interpretAsObject: Interpret;
  /** The same, JSON text both ways. */
  export function interpretAsText(...args: Parameters<Interpret>): string;
  /** How many things are wrong with a payload. */
  export function checkObject(services: object): number;
  /** The same of one in JSON. */
  export function checkText(services: string): number;
  /** A viewer's failover that takes and gives objects. */
  export class FailoverOfObjects implements Pick<Machine, "handle" | "poll"> {
    constructor(uids: Uint32Array, now: number);
    handle: Machine["handle"];
    poll: Machine["poll"];
  }
}
