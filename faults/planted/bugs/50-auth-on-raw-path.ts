import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 50,
  what: "auth decides on the path as sent, routing on the decoded one",
  letters: ["C"],
  patches: [
    {
      file: "src/http/app.ts",
      search: "          if (kind !== undefined) call.grant.demandName(kind, name);",
      replace: "          if (kind !== undefined) call.grant.demandName(kind, segment);",
    },
  ],
};
