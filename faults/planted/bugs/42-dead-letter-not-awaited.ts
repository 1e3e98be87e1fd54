import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 42,
  what: "a dead letter is deleted from its queue before the copy is durable",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/engine/mover.ts",
      search: "      await to.append({",
      replace: "      void to.append({",
    },
    {
      file: "src/engine/mover.ts",
      search: `        copyKey: copyKeyOf(source, seq),
      });`,
      replace: `        copyKey: copyKeyOf(source, seq),
      }).catch(() => undefined);`,
    },
  ],
};
