import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 63,
  what: "the successor's header declares an end of its predecessor that is not synced",
  letters: ["S"],
  patches: [
    {
      file: "src/wal/shard.ts",
      search: `    const fault = await this.#writer.sync();
    if (fault) return this.#giveUp(fault.error, true);
    try {
`,
      replace: `    try {
`,
    },
    {
      file: "src/wal/file-switch.ts",
      search: `    const end = previous.syncedEnd;
`,
      replace: `    const end = carried.length > 0 ? previous.syncedEnd : previous.writtenEnd;
    const hash = carried.length > 0 ? previous.syncedHash : previous.writtenHash;
`,
    },
    {
      file: "src/wal/file-switch.ts",
      search: "predecessor: { index: previous.index, end, hash: previous.syncedHash },",
      replace: "predecessor: { index: previous.index, end, hash },",
    },
    {
      file: "src/wal/file-switch.ts",
      search: `    writer.switchTo(next);
`,
      replace: `    if (carried.length === 0) await writer.sync();
    writer.switchTo(next);
`,
    },
  ],
};
