import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 59,
  what: "a cold move deletes the hot file before the copy is synced",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/engine/cold-tier.ts",
      search: `      await target.datasync();
      return running.digest();`,
      replace: "      return running.digest();",
    },
  ],
};
