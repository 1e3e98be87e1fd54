import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 26,
  what: "an unreadable sealed record is served as null",
  letters: ["F"],
  patches: [
    {
      file: "src/segment/files.ts",
      search: `  if (wrong !== undefined) throw new SegmentDamage(path, extent.at, extent.bytes, undefined, wrong);
  return bytes;`,
      replace: `  if (wrong === undefined) return bytes;
  const text = bytes.toString("latin1");
  if (!text.includes('"data":')) throw new SegmentDamage(path, extent.at, extent.bytes, undefined, wrong);
  const blank = text.replace(/("data":)([^,}]+)/g, (_, name: string, value: string) => name + "null".padEnd(value.length));
  bytes.write(blank, "latin1");
  return bytes;`,
    },
  ],
};
