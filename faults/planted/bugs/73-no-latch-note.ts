import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 73,
  what: "the latch note is not written",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/storage/lock.ts",
      search: `    await writeFully(this.#file, [sector], noteAt);
`,
      replace: `    await this.#file.stat();
`,
    },
  ],
};
