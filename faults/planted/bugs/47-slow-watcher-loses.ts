import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 47,
  what: "what comes while a watcher is slow is dropped for it",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/watch/stream.ts",
      search: "    if (this.#outbox.isFull || this.#isReading) {",
      replace: "    if (this.#isReading) {",
    },
    {
      file: "src/watch/stream.ts",
      search: `      for (const slice of page.slices) bytes += slice.length;
      this.#outbox.send(frame.bytes as Bytes);`,
      replace: `      for (const slice of page.slices) bytes += slice.length;
      if (!this.#outbox.isFull) this.#outbox.send(frame.bytes as Bytes);`,
    },
  ],
};
