import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 18,
  what: "WAL files are taken in the order of their names as text, 10 before 9",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/wal/chain.ts",
      search: "for (const index of named[shard] ?? []) {",
      replace: "for (const index of (named[shard] ?? []).map(String).sort().map(Number)) {",
    },
  ],
};
