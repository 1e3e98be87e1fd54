import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 41,
  what: "a nack counts a delivery, and extend resets the count",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/queue/job-table.ts",
      search: "    if (dueMs > this.#clock.nowMs()) this.#delay(job, dueMs);",
      replace: `    job.deliveries++;
    if (dueMs > this.#clock.nowMs()) this.#delay(job, dueMs);`,
    },
    {
      file: "src/queue/job-table.ts",
      search: `    assert(job.state === "leased", "a lease is extended while it holds");
    job.busy = false;`,
      replace: `    assert(job.state === "leased", "a lease is extended while it holds");
    job.deliveries = 1;
    job.busy = false;`,
    },
  ],
};
