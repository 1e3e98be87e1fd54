import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 44,
  what: "a delayed nack is ready at once after a restart",
  letters: ["S", "C*"],
  patches: [
    {
      file: "src/queue/job-table.ts",
      search: `this.#delay(this.#known(seq, deliveries), dueMs);
    for`,
      replace: `this.#delay(this.#known(seq, deliveries), Math.min(dueMs, 1));
    for`,
    },
  ],
};
