/**
 * A long run of the matrix in parts: what each operation, or each seed of one, came to, kept in a file between processes, so
 * that the next one goes on where the last one stopped. What another tree has found does not count.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Outcome } from "./matrix.ts";

export interface Part {
  readonly points: number;
  readonly cases: number;
  readonly images: number;
  readonly still: number;
  readonly recoveries: number;
  readonly failures: number;
  readonly seconds: number;
}

interface Stored {
  /** Of a run with other options the parts mean something else. */
  readonly options: string;
  readonly parts: Readonly<Record<string, Part>>;
}

export class Tally {
  readonly #path: string | undefined;
  readonly #options: string;
  readonly #parts = new Map<string, Part>();

  /** Without a path it is forgotten with the process. Throws where the file is one of other options. */
  constructor(path: string | undefined, options: string) {
    this.#path = path;
    this.#options = options;
    if (path === undefined || !existsSync(path)) return;
    const stored = JSON.parse(readFileSync(path, "utf8")) as Stored;
    if (stored.options !== options) throw new Error(`${path} is of a run with ${stored.options}`);
    for (const [name, part] of Object.entries(stored.parts)) this.#parts.set(name, part);
  }

  has(name: string): boolean {
    return this.#parts.has(name);
  }

  add(name: string, outcome: Outcome, seconds: number): void {
    const { points, cases, images, still, recoveries, failures } = outcome;
    this.#parts.set(name, { points, cases, images, still, recoveries, failures: failures.length, seconds });
    this.#save();
  }

  /** How many parts there are, and everything in them together. */
  get total(): Part & { readonly parts: number } {
    const total = { points: 0, cases: 0, images: 0, still: 0, recoveries: 0, failures: 0, seconds: 0 };
    for (const part of this.#parts.values())
      for (const key of Object.keys(total) as (keyof Part)[]) total[key] += part[key];
    return { ...total, parts: this.#parts.size };
  }

  #save(): void {
    if (this.#path === undefined) return;
    const stored: Stored = { options: this.#options, parts: Object.fromEntries(this.#parts) };
    writeFileSync(`${this.#path}.tmp`, `${JSON.stringify(stored, null, 1)}\n`);
    renameSync(`${this.#path}.tmp`, this.#path);
  }
}

export function describePart(part: Part): string {
  const { points, cases, images, still, recoveries } = part;
  return `${points} points, ${cases} survivals, ${images} images, ${still} with nothing pending, ${recoveries} recoveries`;
}
