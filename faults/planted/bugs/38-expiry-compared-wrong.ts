import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 38,
  what: "lease expiry is compared the wrong way",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/queue/job-table.ts",
      search: "    while (this.#expiries.leastKey < monotonicMs) {",
      replace: "    while (this.#expiries.size > 0 && this.#expiries.leastKey > monotonicMs) {",
    },
  ],
};
