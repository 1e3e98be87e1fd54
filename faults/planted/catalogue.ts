/** The planted bugs, harness mutants and controls: whatever lies in their folders, in the order of the file names. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Control, HarnessMutant, PlantedBug } from "./bug.ts";

export interface Listed {
  /** From the root of the repository. */
  readonly path: string;
}

export async function allBugs(): Promise<(PlantedBug & Listed)[]> {
  const found = await load<PlantedBug>("bugs", "bug");
  return found.sort((a, b) => a.number - b.number);
}

export function allMutants(): Promise<(HarnessMutant & Listed)[]> {
  return load<HarnessMutant>("harness-mutants", "mutant");
}

export function allControls(): Promise<(Control & Listed)[]> {
  return load<Control>("controls", "control");
}

async function load<T>(folder: string, member: string): Promise<(T & Listed)[]> {
  const directory = join(import.meta.dirname, folder);
  const found: (T & Listed)[] = [];
  for (const name of readdirSync(directory).sort()) {
    if (!/^[a-z0-9-]+\.(ts|js)$/.test(name)) continue;
    const module = (await import(pathToFileURL(join(directory, name)).href)) as Record<string, T | undefined>;
    const value = module[member];
    if (value === undefined) throw new Error(`faults/planted/${folder}/${name} exports no ${member}`);
    found.push({ ...value, path: `faults/planted/${folder}/${name}` });
  }
  return found;
}
