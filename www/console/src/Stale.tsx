import type { ReactElement } from "react";
import type { Texts } from "./texts.ts";

/** Says how old it is what stands below, once it is stale. The age is not read out again with each second. */
export function Stale({ age, texts }: { age: number | undefined; texts: Texts }): ReactElement {
  return (
    <div role="status">
      {age !== undefined && (
        <p className="stale" data-testid="stale">
          {texts.stale}
          <span aria-hidden="true"> {texts.secondsAgo(age)}</span>
        </p>
      )}
    </div>
  );
}
