import type { Kind } from "steadymix/viewer";

interface Client {
  readonly remoteUsers: readonly { audioTrack?: { setVolume(volume: number): void } | undefined }[];
  subscribe(user: never, kind: Kind): Promise<unknown>;
}

/**
 * Makes what sets the volume of all outputs, from 0 to 100. Each new track would be at full volume, so that `subscribe()` of
 * the client is wrapped: it is set before the track plays.
 */
export function keepVolume(client: Client): (volume: number) => void {
  let volume = 100;
  const set = () => {
    for (const user of client.remoteUsers) user.audioTrack?.setVolume(volume);
  };
  const subscribe = client.subscribe.bind(client);
  client.subscribe = async (user, kind) => {
    const track = await subscribe(user, kind);
    set();
    return track;
  };
  return (next) => {
    volume = next;
    set();
  };
}
