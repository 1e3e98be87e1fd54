import type { PlantedBug } from "../bug.ts";

export const bug: PlantedBug = {
  number: 52,
  what: "`data` is parsed and written again",
  letters: ["S", "C"],
  patches: [
    {
      file: "src/http/routes/records.ts",
      search: `    const bytes = await call.body();
`,
      replace: `    const bytes = reserialised(await call.body());
`,
    },
    {
      file: "src/http/routes/records.ts",
      search: "export function diffRecords(",
      replace: `function reserialised(bytes: Uint8Array): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(JSON.parse(Buffer.from(bytes).toString())));
  } catch {
    return bytes;
  }
}

export function diffRecords(`,
    },
  ],
};
