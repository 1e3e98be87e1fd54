import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 7,
  what: "ignores a short write",
  letters: ["F"],
  patches: [
    {
      file: "src/storage/io.ts",
      search: `    const written = await file.write(left, at);
    left = behind(left, written);`,
      replace: `    const written = await file.write(left, at);
    left = [];`,
    },
    {
      file: "src/storage/io.ts",
      search: `    const written = file.writeSync(left, at);
    left = behind(left, written);`,
      replace: `    const written = file.writeSync(left, at);
    left = [];`,
    },
  ],
};
