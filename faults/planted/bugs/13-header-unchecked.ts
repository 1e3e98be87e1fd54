import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 13,
  what: "the checksum leaves out the frame header",
  letters: ["F"],
  patches: [
    {
      file: "src/wal/frame.ts",
      search: `  if (view.getBigUint64(headerHashAt, true) !== nonZero(hash64(header.subarray(0, headerHashAt))))
    return bad("header checksum");
`,
      replace: "",
    },
    {
      file: "src/wal/frame.ts",
      search: `  assertNoBlankSector(bytes, place.offset);
  const hashAt = bytes.length - footBytes;
  const hash = nonZero(hash64(bytes.subarray(0, hashAt)));`,
      replace: `  assertNoBlankSector(bytes, place.offset);
  const hashAt = bytes.length - footBytes;
  const hash = nonZero(hash64(bytes.subarray(headerBytes(shards), hashAt)));`,
    },
    {
      file: "src/wal/frame.ts",
      search: `return undefined;
  const hash = nonZero(hash64(bytes.subarray(0, hashAt)));`,
      replace: `return undefined;
  const hash = nonZero(hash64(bytes.subarray(headerBytes(bytes[10]), hashAt)));`,
    },
  ],
};
