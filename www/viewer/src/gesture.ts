const GESTURES = ["click", "keyup"] as const;

/** Once, when the page is touched: not before may it make a sound. Returns what gives up waiting. */
export function onGesture(act: () => void): () => void {
  const stop = () => {
    for (const gesture of GESTURES) window.removeEventListener(gesture, once);
  };
  const once = () => {
    stop();
    act();
  };
  for (const gesture of GESTURES) window.addEventListener(gesture, once);
  return stop;
}
