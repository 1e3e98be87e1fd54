import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 19,
  what: "goes on behind a torn group in the same file",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/shard.ts",
      search: "if (fault) this.#follow(this.#giveUp(fault.error, !isSpace(fault.error)));",
      replace: "if (fault) this.#follow(this.#goOn(group));",
    },
    {
      file: "src/wal/shard.ts",
      search: "  async #latch(error: unknown, rescued: boolean)",
      replace: `  async #goOn(group: readonly Entry[]): Promise<void> {
    await this.#writer.settled();
    const fault = await this.#writer.sync();
    if (fault) return this.#latch(fault.error, false);
    const left = new LeftFrames([...group, ...this.#queue.drain()]);
    left.refuse(unavailable(this.number, outOfSpace));
    this.#tend();
  }

  async #latch(error: unknown, rescued: boolean)`,
    },
  ],
};
