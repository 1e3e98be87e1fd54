/**
 * What runs came to, in results.json: a run may be made in slices, and the page is made of all that is known. A result
 * belongs to the exact patch that it was made with, and goes with it.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Letter, Patch } from "./bug.ts";
import type { Verdict } from "./tool.ts";
import { root } from "./workshop.ts";

/** `bug 13`, `clean`, `control cache-size`, `mutant monitor-off, bug 65`. */
export type Subject = string;

export interface Result extends Omit<Verdict, "cpuSeconds"> {
  /** Of CPU; by the clock where the tool starts servers. */
  readonly seconds: number;
  /** Of the patches that were applied. */
  readonly patch: string;
  /** Of everything in the copy but what is planted. */
  readonly tree: string;
  readonly commit: string;
}

const path = join(root, "faults/planted/results.json");

export class Results {
  #all: Record<string, Result>;
  readonly #own: Record<string, Result> = {};

  private constructor(all: Record<string, Result>) {
    this.#all = all;
  }

  static load(): Results {
    return new Results(stored());
  }

  /** `undefined` also when the patch is not the one any more. */
  of(subject: Subject, letter: Letter, patches: readonly Patch[]): Result | undefined {
    const found = this.#all[keyOf(subject, letter)];
    return found?.patch === hashOfPatches(patches) ? found : undefined;
  }

  set(subject: Subject, letter: Letter, result: Result): void {
    this.#all[keyOf(subject, letter)] = this.#own[keyOf(subject, letter)] = result;
  }

  /** Drops what nothing planted stands for any more. What another run has found meanwhile stays. */
  save(isKnown: (key: string) => boolean): void {
    this.#all = { ...stored(), ...this.#own };
    const order = Object.keys(this.#all).filter(isKnown).sort(naturally);
    const text = JSON.stringify(Object.fromEntries(order.map((key) => [key, this.#all[key]])), null, 2);
    writeFileSync(`${path}.tmp`, `${text}\n`);
    renameSync(`${path}.tmp`, path);
  }

  get all(): readonly Result[] {
    return Object.values(this.#all);
  }
}

function stored(): Record<string, Result> {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, Result>) : {};
}

export function keyOf(subject: Subject, letter: Letter): string {
  return `${subject} / ${letter}`;
}

export function hashOfPatches(patches: readonly Patch[]): string {
  return createHash("sha256").update(JSON.stringify(patches)).digest("hex").slice(0, 12);
}

export function hashOfTree(directory: string): string {
  const hash = createHash("sha256");
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(directory, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else if (!name.startsWith("faults/planted/")) hash.update(name).update(readFileSync(join(directory, name)));
    }
  };
  for (const folder of ["conformance", "faults", "sim", "src"]) walk(folder);
  return hash.digest("hex").slice(0, 12);
}

function naturally(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
