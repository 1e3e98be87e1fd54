/** What lies in folders and takes part: the actors, the rare states, the seeds that are kept. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Actor } from "./actor.ts";
import type { RareState } from "./rare.ts";

let actors: Promise<Actor[]> | undefined;
let states: Promise<RareState[]> | undefined;

export function allActors(): Promise<Actor[]> {
  return (actors ??= load<{ actor?: Actor }>("../actors").then((modules) =>
    modules.flatMap(({ module }) => module.actor ?? []),
  ));
}

/** Each with the name of its family in front. */
export function rareStates(): Promise<RareState[]> {
  return (states ??= load<{ states?: readonly RareState[] }>("rare").then((modules) =>
    modules.flatMap(({ name, module }) =>
      (module.states ?? []).map((state) => ({ ...state, name: `${name}: ${state.name}` })),
    ),
  ));
}

/** By file name, in order. */
export function keptSeeds(): { name: string; text: string }[] {
  const folder = join(import.meta.dirname, "../../sim/seeds").replace(/([\\/])dist([\\/])/, "$1");
  const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  return names.sort().map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

async function load<M>(folder: string): Promise<{ name: string; module: M }[]> {
  const path = join(import.meta.dirname, folder);
  const files = readdirSync(path).filter((name) => /^[a-z-]+\.(ts|js)$/.test(name));
  const found: { name: string; module: M }[] = [];
  for (const file of files.sort())
    found.push({
      name: file.replace(/\.[a-z]+$/, ""),
      module: (await import(pathToFileURL(join(path, file)).href)) as M,
    });
  return found;
}
