/**
 * Finds the members of folders whose files are items of one kind, so that there is no list to maintain: every module
 * under `cases/` is a case file, every module under `reporters/` a reporter. Works on sources and on compiled output.
 */
import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Case } from "./case.ts";
import type { Claim } from "./claim.ts";

const ownExtension = extname(fileURLToPath(import.meta.url));

/** The modules below a folder beside this file, sorted by path, loaded. */
async function modulesIn(folder: string): Promise<{ name: string; exports: Readonly<Record<string, unknown>> }[]> {
  const root = fileURLToPath(new URL(folder, import.meta.url));
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && isModule(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    files.map(async (file) => ({
      name: basename(file, ownExtension),
      exports: (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>,
    })),
  );
}

function isModule(name: string): boolean {
  return name.endsWith(ownExtension) && !name.endsWith(`.test${ownExtension}`) && !name.endsWith(".d.ts");
}

/** All cases, in the order of their files. Throws when a file has none or an id is taken twice. */
export async function discoverCases(): Promise<Case[]> {
  const cases: Case[] = [];
  const ids = new Set<string>();
  for (const { name, exports } of await modulesIn("./cases/")) {
    const found = exports["cases"];
    if (!Array.isArray(found) || found.length === 0) throw new Error(`case file ${name} exports no cases`);
    for (const each of found as Case[]) {
      if (ids.has(each.id)) throw new Error(`two cases have the id ${each.id}`);
      ids.add(each.id);
      cases.push(each);
    }
  }
  return cases;
}

/** What the contract promises, chapter by chapter. */
export async function discoverClaims(): Promise<Claim[]> {
  return (await modulesIn("./claims/")).flatMap(({ exports }) => exports["claims"] as Claim[]);
}

/** Reporters by the name of their file. */
export async function discoverMembers<T>(folder: string, exportName: string): Promise<Map<string, T>> {
  const modules = await modulesIn(folder);
  return new Map(
    modules.map(({ name, exports }) => {
      if (exports[exportName] === undefined) throw new Error(`${folder}${name} exports no ${exportName}`);
      return [name, exports[exportName] as T];
    }),
  );
}
