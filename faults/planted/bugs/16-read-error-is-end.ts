import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 16,
  what: "takes a read error for the end of the file",
  letters: ["F"],
  patches: [
    {
      file: "src/storage/io.ts",
      search: "await file.read(done === 0 ? into : into.subarray(done), position + done);",
      replace: "await file.read(done === 0 ? into : into.subarray(done), position + done).catch(() => 0);",
    },
  ],
};
