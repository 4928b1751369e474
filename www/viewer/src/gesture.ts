const GESTURES = ["click", "keyup"] as const;

/** Calls `act` at the next user gesture. From then on, the page may play audio. Returns a function that cancels. */
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
