import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 54,
  what: "a stop acks queued writes without flushing them",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/wal/shard.ts",
      search: "  /** Gives up what is queued, at the end of a drain budget",
      replace: `  ackQueue(): void {
    for (const { commit } of this.#queue.drain()) {
      commit?.written();
      commit?.synced();
    }
  }

  /** Gives up what is queued, at the end of a drain budget`,
    },
    {
      file: "src/engine/engine.ts",
      search: "    const drained = this.#wal ? await this.#drain(this.#wal, drainMs) : true;",
      replace: `    for (const shard of this.#wal?.shards ?? []) shard.ackQueue();
    const drained = this.#wal ? await this.#drain(this.#wal, drainMs) : true;`,
    },
  ],
};
