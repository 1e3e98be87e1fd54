import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 74,
  what: "the ceiling is lowered by an end of the log that replay sees before the raise",
  letters: ["S"],
  patches: [
    {
      file: "src/engine/replayer.ts",
      search:
        "        if (fields.stamp > this.#knownStamp) for (const topic of this.#onShard(shard)) this.#stopClean(topic);",
      replace: "        for (const topic of this.#onShard(shard)) this.#stopClean(topic);",
    },
  ],
};
