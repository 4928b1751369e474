import type { ReactElement } from "react";
import type { QuotaStatus } from "steadymix/cloudflare/routes";
import type { Texts } from "./texts.ts";

/** The service's limit of calls per second. */
const CALL_LIMIT = 10;

export function Quota({ quota, texts }: { quota: QuotaStatus; texts: Texts }): ReactElement {
  const { callsPerSecond, waiting, tasks, limits } = quota;
  const peak = Math.max(...callsPerSecond);
  return (
    <section className="quota">
      <h2>{texts.quota}</h2>
      <p>{texts.callsPerSecond(peak)}</p>
      <svg viewBox="0 0 60 10" preserveAspectRatio="none" role="img" aria-label={texts.peakOfCalls(peak)}>
        <title>{texts.peakOfCalls(peak)}</title>
        {callsPerSecond.map((calls, i) => (
          <rect key={i} x={i} width={0.8} y={CALL_LIMIT - calls} height={calls} />
        ))}
      </svg>
      <dl className="facts">
        <div>
          <dt>{texts.pcw}</dt>
          <dd>
            <span className="meter" aria-hidden="true">
              <span style={{ width: `${(100 * tasks) / limits.pcw}%` }} />
            </span>{" "}
            {tasks} / {limits.pcw}
          </dd>
        </div>
        <div>
          <dt>{texts.waiting}</dt>
          <dd>{waiting}</dd>
        </div>
      </dl>
    </section>
  );
}
