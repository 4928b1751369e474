/**
 * The server's side of the demonstration. The emulator runs the tasks, a redundancy group keeps them running as it would on a
 * server, and each running task publishes into the channel.
 */
import { RedundancyGroup, type SteadymixEvent } from "steadymix";
import { Emulator, SAMPLE_LANES, sampleServices } from "steadymix/emulator";
import type { Uid } from "steadymix/viewer";
import { Channel } from "./channel.ts";
import { Playout } from "./playout.ts";

const SECRET = "demonstration";
const FOLLOW_MS = 50;

export interface StationOptions {
  fps: number;
  onEvent: (event: SteadymixEvent) => void;
}

/** A broadcast with two lanes, and the faults that can be injected. */
export class Station {
  readonly channel = new Channel();
  readonly #emulator: Emulator;
  readonly #group: RedundancyGroup;
  readonly #playout: Playout;
  readonly #follower: number;
  /** Outputs whose task was killed, as opposed to ended. */
  readonly #killed = new Set<Uid>();
  readonly #frozen = new Set<Uid>();

  constructor({ fps, onEvent }: StationOptions) {
    this.#playout = new Playout(this.channel, fps);
    this.#emulator = new Emulator({
      startUp: { takesMs: [300, 600] },
      answerMs: [40, 90],
      notifications: { secret: SECRET, takesMs: [2500, 3500] },
    });
    this.#group = new RedundancyGroup(
      { appId: "demo", instanceId: "show", services: sampleServices(), lanes: SAMPLE_LANES },
      {
        customerId: "demo",
        customerSecret: "demo",
        fetch: this.#emulator.fetch,
        notificationSecret: SECRET,
        rtcToken: (uid) => `token-${uid}`,
        onEvent,
      },
    );
    this.#follower = window.setInterval(() => this.#follow(), FOLLOW_MS);
    // Rejects only when this station is closed.
    this.#group.run().catch(() => {});
  }

  /** The task of an output dies abruptly. */
  kill(uid: Uid): void {
    this.#killed.add(uid);
    this.#kill(uid);
    this.channel.die(uid);
  }

  /** The task of an output is ended, as from Agora's console: the output leaves gracefully. */
  end(uid: Uid): void {
    this.#kill(uid);
    this.#follow();
  }

  /** The emulator refuses to kill a task that has already ended. */
  #kill(uid: Uid): void {
    const isLive = this.#emulator.state().tasks.some((task) => task.live && task.uid === uid);
    if (isLive) this.#emulator.control({ type: "kill", uid });
  }

  freeze(uids: Iterable<Uid>): void {
    for (const uid of uids) {
      this.#frozen.add(uid);
      this.channel.freeze(uid);
    }
  }

  /** Frozen outputs send again. Dead tasks are queried at once, and relaunched under their other uid. */
  bringBack(): void {
    for (const uid of this.#frozen) this.channel.thaw(uid);
    this.#frozen.clear();
    this.#group.checkNow();
  }

  close(): void {
    window.clearInterval(this.#follower);
    this.#group[Symbol.dispose]();
    this.channel.close();
    this.#playout.close();
  }

  #follow(): void {
    for (const { body, signature, signatureV2 } of this.#emulator.takeNotifications()) {
      this.#group.handleNotification(body, { "agora-signature": signature, "agora-signature-v2": signatureV2 });
    }
    const running = new Set(this.#emulator.state().tasks.flatMap((task) => (task.running ? [task.uid] : [])));
    for (const uid of SAMPLE_LANES.flatMap(({ uids }) => uids)) {
      if (running.has(uid)) {
        if (this.#killed.delete(uid)) this.channel.leave(uid);
        if (!this.channel.has(uid)) this.#playout.publish(uid);
      } else if (!this.channel.has(uid)) {
        this.#killed.delete(uid);
      } else if (!this.#killed.has(uid)) {
        this.#frozen.delete(uid);
        this.channel.leave(uid);
      }
    }
  }
}
