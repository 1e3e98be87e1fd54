import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 101,
  what: "a request target in absolute form ends in an internal error",
  letters: ["C"],
  patches: [
    {
      file: "src/http/target.ts",
      search: `  const scheme = /^https?:\\/\\//i.exec(url);
  if (scheme === null) return url;`,
      replace: `  const scheme = /^https?:\\/\\//i.exec(url);
  if (scheme !== null) throw new RangeError("no origin");
  if (scheme === null) return url;`,
    },
  ],
};
