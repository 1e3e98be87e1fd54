import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 1,
  what: "acks `fsync` after the write, before the sync",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/topic/commit-queue.ts",
      search: `if (this.#parts.ackAt === "written") this.#reach();`,
      replace: `if (this.#parts.ackAt !== "handed") this.#reach();`,
    },
  ],
};
