import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 4,
  what: "after a sync error cuts the tail and goes on in the same file",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/shard.ts",
      search: "      failed: (fault) => this.#giveUp(fault.error, true),",
      replace: "      failed: () => this.#cutTail(),",
    },
    {
      file: "src/wal/shard.ts",
      search: "  async #latch(error: unknown, rescued: boolean)",
      replace: `  async #cutTail(): Promise<void> {
    this.#leaveOpen();
    await this.#writer.settled();
    const left = new LeftFrames([...this.#writer.drain(), ...this.#queue.drain()]);
    this.#file.writtenEnd = this.#file.syncedEnd;
    this.#file.writtenHash = this.#file.syncedHash;
    left.refuse(unavailable(this.number, readOnly));
    this.#barriers.lost(left.count);
    this.#reopen();
  }

  async #latch(error: unknown, rescued: boolean)`,
    },
  ],
};
