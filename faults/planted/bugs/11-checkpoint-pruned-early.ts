import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 11,
  what: "prunes the old checkpoint before the new one verifies",
  letters: ["S"],
  patches: [
    {
      file: "src/engine/checkpointer.ts",
      search: "      const { bytes } = await writeCheckpoint(",
      replace: `      await prune(env, directory, this.#kept.slice(1).map((one) => one.number));
      const { bytes } = await writeCheckpoint(`,
    },
  ],
};
