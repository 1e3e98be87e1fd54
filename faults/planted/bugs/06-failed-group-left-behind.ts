import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 6,
  what: "leaves a failed group's bytes behind a shorter successor",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/file-writer.ts",
      search: `    } catch (error) {
      this.#remember(group);
      return { error };`,
      replace: `    } catch (error) {
      return { error };`,
    },
    {
      file: "src/wal/file-writer.ts",
      search: `    this.#writing = false;
    this.#remember(group);`,
      replace: `    this.#writing = false;
    if (!fault) this.#remember(group);`,
    },
    {
      file: "src/wal/shard.ts",
      search: "if (fault) this.#follow(this.#giveUp(fault.error, !isSpace(fault.error)));",
      replace: "if (fault) this.#follow(this.#takeBack(group));",
    },
    {
      file: "src/wal/shard.ts",
      search: "  async #latch(error: unknown, rescued: boolean)",
      replace: `  async #takeBack(group: readonly Entry[]): Promise<void> {
    this.#leaveOpen();
    await this.#writer.settled();
    const fault = await this.#writer.sync();
    if (fault) return this.#latch(fault.error, false);
    this.#file.writtenEnd = this.#file.syncedEnd;
    this.#file.writtenHash = this.#file.syncedHash;
    const entries = [...group, ...this.#queue.drain()];
    const left = new LeftFrames(entries);
    left.refuse(unavailable(this.number, outOfSpace));
    for (const entry of entries) if (entry.commit?.acked) this.#queue.push(entry);
    this.#barriers.lost(left.count - this.#queue.length);
    this.#reopen();
  }

  async #latch(error: unknown, rescued: boolean)`,
    },
  ],
};
