import type { HarnessMutant } from "../bug.ts";

export const mutant: HarnessMutant = {
  name: "tombstones-ignored",
  what: "the oracle ignores what readers are told of gaps",
  shouldMiss: [{ bug: 57, letter: "S" }],
  patches: [
    {
      file: "sim/oracle/observation.ts",
      search: `    if (page.tombstone !== undefined) tombstones.push(page.tombstone);
`,
      replace: "",
    },
    {
      file: "sim/oracle/compare.ts",
      search: "  const announced = seen.tombstones.map(({ gapFrom, gapTo }) => ({ from: gapFrom, to: gapTo }));",
      replace:
        "  if (seen.tombstones.length === 0) return undefined;\n  const announced = seen.tombstones.map(({ gapFrom, gapTo }) => ({ from: gapFrom, to: gapTo }));",
    },
    {
      file: "sim/oracle/links.ts",
      search: `      if (!isAnnounced(seen, seq)) return`,
      replace: `      if (seen.tombstones.length > 0 && !isAnnounced(seen, seq)) return`,
    },
    {
      file: "sim/oracle/invariants/03-seqs.ts",
      search: "  if (seen === undefined || deletes || everDeleted) return undefined;",
      replace: "  if (seen === undefined || deletes || everDeleted || seen.tombstones.length === 0) return undefined;",
    },
    {
      file: "sim/oracle/invariants/04-announced.ts",
      search: `    if (seen === undefined) return undefined;
    const wrong`,
      replace: `    if (seen === undefined || seen.tombstones.length === 0) return undefined;
    const wrong`,
    },
    {
      file: "sim/oracle/invariants/05-watermarks.ts",
      search: `    if (floor < base.evictFloor) return \`the evict floor fell from \${base.evictFloor} to \${floor}\`;
`,
      replace: "",
    },
  ],
};
