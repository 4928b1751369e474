import type { Kind } from "steadymix/viewer";

interface Client {
  readonly remoteUsers: readonly { audioTrack?: { setVolume(volume: number): void } | undefined }[];
  subscribe(user: never, kind: Kind): Promise<unknown>;
}

/**
 * Returns a function that sets the volume of all outputs, from 0 to 100. New tracks begin at full volume, so the client's
 * `subscribe()` is wrapped: the volume is set before a track plays.
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
