import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 17,
  what: "an unknown frame type is skipped, an unknown configuration takes the defaults",
  letters: ["F"],
  patches: [
    {
      file: "src/wal/scan.ts",
      search: `    if (!isKnownKind(fields.kind))
      return stop({ why: "foreign", reason: \`frame kind \${fields.kind} is not known to this version\`, fields });
`,
      replace: `    if (!isKnownKind(fields.kind)) {
      hash = frameHash;
      position += length;
      continue;
    }
`,
    },
    {
      file: "src/topic/config-codec.ts",
      search: `  if (entries.length !== fields.length) return undefined;
  if (!fields.every((field) => Object.hasOwn(config, field) && checks[field](config[field]))) return undefined;
`,
      replace: `  for (const field of fields) if (!checks[field](config[field])) delete config[field];
`,
    },
  ],
};
