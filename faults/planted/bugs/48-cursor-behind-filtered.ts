import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 48,
  what: "`next_from_seq` is not advanced past filtered records",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/topic/selection.ts",
      search: "  get room(): {",
      replace: `  /** The last record that is taken; the cursor before any. */
  get lastTaken(): number {
    const run = this.chunks.length - 1;
    return run < 0 ? this.#bounds.from - 1 : this.chunks[run].seq(this.end[run] - 1);
  }

  get room(): {`,
    },
    {
      file: "src/topic/read-pipeline.ts",
      search: "    this.nextFromSeq = selection.reached;",
      replace: "    this.nextFromSeq = Math.min(selection.reached, selection.lastTaken);",
    },
  ],
};
