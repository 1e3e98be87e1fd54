import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 14,
  what: "a checksum that does not fit in the middle of the log is taken for its end",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/wal/scan.ts",
      search: `return stop({ why: "body", reason: "frame checksum", length, fields });`,
      replace: `return stop({ why: "end" });`,
    },
    {
      file: "src/wal/replay.ts",
      search: `  if (known.position > scanned.end && known.index === last.header.index)
    throw refuse(deps, last, scanned, "damaged in a place that was synced");
`,
      replace: "",
    },
    {
      file: "src/wal/begin-file.ts",
      search: `  const known = places.of(shard);
`,
      replace: `  const known = { index: last.header.index, position: Math.min(places.of(shard).position, scanned.end) };
`,
    },
  ],
};
