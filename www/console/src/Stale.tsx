import type { ReactElement } from "react";
import type { Texts } from "./texts.ts";

/** A notice that the data below is outdated. The age changes every second, so it is hidden from screen readers. */
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
