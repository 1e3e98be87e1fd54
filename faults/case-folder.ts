/** The cases of the corpus: whatever files in cases/<family>/ export. The folder is the family. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FaultCase } from "./fault-case.ts";

export interface FoundCase {
  readonly family: string;
  readonly case: FaultCase;
}

const folder = join(import.meta.dirname, "cases");

export async function allCases(): Promise<FoundCase[]> {
  const found: FoundCase[] = [];
  const families = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const family of families.map(({ name }) => name).sort()) {
    const files = readdirSync(join(folder, family)).filter((name) => /^[a-z0-9-]+\.(ts|js)$/.test(name));
    for (const name of files.sort()) {
      const loaded = (await import(pathToFileURL(join(folder, family, name)).href)) as { cases: readonly FaultCase[] };
      for (const each of loaded.cases) found.push({ family, case: each });
    }
  }
  return found;
}
