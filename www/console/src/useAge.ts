import { useEffect, useState } from "react";

/** What is looked at every second, and has not been seen for so long, may be otherwise by now. */
const STALE_MS = 4_000;

/** The time in ms since the epoch, twice a second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** How old it is in s, once it is stale, what was seen at this time (ms since the epoch). */
export function useStaleness(seenAt: number | undefined): number | undefined {
  const age = useNow() - (seenAt ?? Number.POSITIVE_INFINITY);
  return age > STALE_MS ? Math.round(age / 1000) : undefined;
}
