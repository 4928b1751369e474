/** Built by `npm run bench`. */
declare module "*/objects.js" {
  type Machine = import("steadymix/viewer").Failover;
  export function initSync(options: { module: BufferSource }): void;
  type Interpret = typeof import("steadymix").interpret;
  /** Interprets an answer, with JavaScript values both ways. */
  export const interpretAsObject: Interpret;
  /** The same, with JSON both ways. */
  export function interpretAsText(...args: Parameters<Interpret>): string;
  /** The number of problems of a payload. */
  export function checkObject(services: object): number;
  /** The same for a payload in JSON. */
  export function checkText(services: string): number;
  /** A viewer's failover with objects both ways. */
  export class FailoverOfObjects implements Pick<Machine, "handle" | "poll"> {
    constructor(uids: Uint32Array, now: number);
    handle: Machine["handle"];
    poll: Machine["poll"];
  }
}
