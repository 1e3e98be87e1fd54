import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 55,
  what: "a delete moves `evict_floor`",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/topic/contents.ts",
      search: "    return this.#apply(stampMs, () => removeRecords(this.retained, what, resolved, this.#removed()));",
      replace: `    return this.#apply(stampMs, () => {
      const removed = removeRecords(this.retained, what, resolved, this.#removed());
      if (removed > 0 && what.beforeSeq !== undefined) this.watermarks.raise(what.beforeSeq, 1);
      return removed;
    });`,
    },
  ],
};
