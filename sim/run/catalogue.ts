/** The actors: whatever lies in actors/; and the seeds that are kept: whatever lies in seeds/. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Actor } from "./actor.ts";

let loaded: Promise<Actor[]> | undefined;

export function allActors(): Promise<Actor[]> {
  return (loaded ??= load());
}

async function load(): Promise<Actor[]> {
  const folder = join(import.meta.dirname, "../actors");
  const files = readdirSync(folder).filter((name) => /^[a-z-]+\.(ts|js)$/.test(name));
  const found: Actor[] = [];
  for (const name of files.sort()) {
    const module = (await import(pathToFileURL(join(folder, name)).href)) as { actor?: Actor };
    if (module.actor !== undefined) found.push(module.actor);
  }
  return found;
}

/** By file name, in order. */
export function keptSeeds(): { name: string; text: string }[] {
  const folder = join(import.meta.dirname, "../../sim/seeds").replace(/([\\/])dist([\\/])/, "$1");
  const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  return names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}
