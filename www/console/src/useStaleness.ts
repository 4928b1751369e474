import { useEffect, useState } from "react";

/** The state is read every second. After this time without an answer it counts as outdated. */
const STALE_AFTER_MS = 4_000;

/** The current time in ms since the epoch, updated twice a second. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 500);
    return () => window.clearInterval(timer);
  }, []);
  return now;
}

/** The age in s of data that was updated at this time (ms since the epoch). `undefined` while it is fresh. */
export function useStaleness(updatedAt: number | undefined): number | undefined {
  const age = useNow() - (updatedAt ?? Number.POSITIVE_INFINITY);
  return age > STALE_AFTER_MS ? Math.round(age / 1000) : undefined;
}
