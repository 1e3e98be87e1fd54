import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 64,
  what: "a checkpoint is renamed before the shards are synced to its positions",
  letters: ["S"],
  patches: [
    {
      file: "src/engine/checkpointer.ts",
      search: `      await this.#syncShards(capture);
`,
      replace: "",
    },
  ],
};
