import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 9,
  what: "does not sync the directory after renaming a checkpoint, and drops the log at once",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/checkpoint/writer.ts",
      search: `    await fs.syncDir(directory);
`,
      replace: "",
    },
    {
      file: "src/engine/checkpointer.ts",
      search: `    if (this.#kept.length < checkpointsKept) return 0;
    const needed = [...this.#kept, `,
      replace: "    const needed = [...this.#kept.slice(-1), ",
    },
  ],
};
