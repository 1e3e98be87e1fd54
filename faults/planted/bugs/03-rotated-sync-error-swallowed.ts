import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 3,
  what: "swallows the sync error of a file that is rotated",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/shard.ts",
      search: `    const fault = await this.#writer.sync();
    if (fault) return this.#giveUp(fault.error, true);`,
      replace: `    const fault = await this.#writer.sync(true);
    if (fault) return this.#giveUp(fault.error, true);`,
    },
    {
      file: "src/wal/file-writer.ts",
      search: "  sync(): Promise<Fault | undefined> {",
      replace: "  sync(swallow = false): Promise<Fault | undefined> {",
    },
    {
      file: "src/wal/file-writer.ts",
      search: "before.then((fault) => fault ?? this.#syncFile()) : this.#syncFile();",
      replace: "before.then((fault) => fault ?? this.#syncFile(swallow)) : this.#syncFile(swallow);",
    },
    {
      file: "src/wal/file-writer.ts",
      search: "  async #syncFile(): Promise<Fault | undefined> {",
      replace: "  async #syncFile(swallow: boolean): Promise<Fault | undefined> {",
    },
    {
      file: "src/wal/file-writer.ts",
      search: `    } catch (error) {
      return { error };
    }
    const bytes`,
      replace: `    } catch (error) {
      if (!swallow) return { error };
    }
    const bytes`,
    },
  ],
};
