import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 28,
  what: "a checkpoint for which there is no space deletes the old one",
  letters: ["F"],
  patches: [
    {
      file: "src/engine/checkpointer.ts",
      search: `      if (this.#short) await room.open();
`,
      replace: `      if (this.#short) await prune(env, this.#deps.directory, []);
      if (this.#short) await room.open();
`,
    },
  ],
};
