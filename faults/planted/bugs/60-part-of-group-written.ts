import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 60,
  what: "group commit acks the whole group when only part of it was written",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/file-writer.ts",
      search: "      writeFullySync(this.#file.file, parts, at);",
      replace: "      this.#file.file.writeSync(parts, at);",
    },
    {
      file: "src/wal/file-writer.ts",
      search: "    this.#writeSettled = writeFully(file.file, parts, at).then(",
      replace: "    this.#writeSettled = file.file.write(parts, at).then(",
    },
  ],
};
