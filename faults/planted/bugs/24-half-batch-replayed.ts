import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 24,
  what: "half of a batch is replayed",
  letters: ["S", "F"],
  patches: [
    {
      file: "src/topic/replay.ts",
      search: "      contents.applyRecords(stampMs, fields.firstSeq, entry.records, place);",
      replace: "      contents.applyRecords(stampMs, fields.firstSeq, half(entry.records), place);",
    },
    {
      file: "src/topic/replay.ts",
      search: "function endRebase(topic: Instance): void {",
      replace: `/** A batch of two records and more. */
function half(entry: RecordsEntry): RecordsEntry {
  const count = Math.ceil(entry.count / 2);
  return new Proxy(entry, {
    get(target, name): unknown {
      if (name === "count") return count;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function endRebase(topic: Instance): void {`,
    },
  ],
};
