import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 35,
  what: "a refused copy is skipped",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/router/link.ts",
      search: "    this.pausedBy = full ? ",
      replace: `    const planned = this.#end.planned;
    if (full && planned !== undefined) {
      const none = new Copies(planned, this.cyclic, { records: 1, bytes: 1 });
      none.through = planned.cursor + 1;
      this.#staged(this.#end.stage(none));
      return this.#deps.due(this);
    }
    this.pausedBy = full ? `,
    },
  ],
};
