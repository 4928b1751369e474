/** Follows the tasks of a broadcast that run on the Worker's emulator: each running task publishes into the channel of this page. */
import type { Task } from "steadymix/emulator";
import { tasksOf } from "steadymix/emulator/scenarios";
import type { EmulatedBroadcast } from "../broadcast.ts";
import { Channel } from "./channel.ts";
import { Playout } from "./playout.ts";

const POLL_INTERVAL_MS = 150;

export class Follower {
  readonly channel = new Channel();
  readonly #playout: Playout;
  readonly #broadcast: EmulatedBroadcast;
  #timer: number | undefined;
  #isClosed = false;

  constructor(broadcast: EmulatedBroadcast) {
    this.#broadcast = broadcast;
    this.#playout = new Playout(this.channel, broadcast.fps);
    void this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    window.clearTimeout(this.#timer);
    this.channel.close();
    this.#playout.close();
  }

  async #poll(): Promise<void> {
    try {
      const answer = await fetch("/api/demo/tasks");
      if (answer.ok) this.#follow(((await answer.json()) as { tasks: Task[] }).tasks);
    } catch {
      // The next poll may succeed.
    }
    if (!this.#isClosed) this.#timer = window.setTimeout(() => void this.#poll(), POLL_INTERVAL_MS);
  }

  #follow(tasks: Task[]): void {
    if (this.#isClosed) return;
    const own = tasksOf(this.#broadcast.id, tasks);
    for (const uid of this.#broadcast.uids) {
      const last = own.filter((task) => task.uid === uid).at(-1);
      if (last?.running) {
        if (!this.channel.has(uid)) this.#playout.publish(uid);
        else this.channel.thaw(uid);
      } else if (this.channel.has(uid)) {
        // A deleted task leaves gracefully; a failed one does not.
        if (last?.ended === "failed") this.channel.die(uid);
        else if (last?.ended) this.channel.leave(uid);
        else this.channel.freeze(uid);
      }
    }
  }
}
