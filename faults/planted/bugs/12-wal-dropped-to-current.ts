import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 12,
  what: "drops the log up to the current position instead of the checkpoint's",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/engine/checkpointer.ts",
      search: "await wal.retire(from);",
      replace: "await wal.retire(wal.shards.map((shard) => shard.place()));",
    },
  ],
};
