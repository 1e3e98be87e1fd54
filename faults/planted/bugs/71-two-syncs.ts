import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 71,
  what: "two syncs are in flight on one file, and the good one acks for both",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/file-writer.ts",
      search: "    const own = before ? before.then((fault) => fault ?? this.#syncFile()) : this.#syncFile();",
      replace: "    const own = this.#syncFile();",
    },
    {
      file: "src/wal/syncs.ts",
      search: "    if (writer.syncing || !this.#deps.isOpen() || !writer.wantsSync) return;",
      replace: "    if (!this.#deps.isOpen() || !writer.wantsSync) return;",
    },
    {
      file: "src/wal/file-writer.ts",
      search: `  get syncing(): boolean {
    return this.#sync !== undefined;`,
      replace: `  get syncing(): boolean {
    return this.#sync !== undefined && this.#file.unsyncedBytes === 0;`,
    },
  ],
};
