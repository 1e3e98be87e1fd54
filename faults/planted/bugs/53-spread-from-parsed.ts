import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 53,
  what: "control fields are copied from parsed JSON with its prototype",
  letters: ["C"],
  patches: [
    {
      file: "src/base/control-json.ts",
      search: "    const object = Object.create(null) as ControlObject;",
      replace: "    const object: ControlObject = {};",
    },
    {
      file: "src/base/control-scan.ts",
      search: "  readonly #object = Object.create(null) as ControlObject;",
      replace: "  readonly #object: ControlObject = {};",
    },
  ],
};
