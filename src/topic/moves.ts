/**
 * Records on their way between topics (spec 5): what this one has promised to move, which a start finishes, and which of
 * another's it has taken in, under a key of source, epoch and seq. Both are outside the idempotency window and its quota; a
 * key is forgotten when the source's delete is known to be synced.
 */
import { runsOf, seqsOf } from "../base/seq-runs.ts";
import type { MoveIntent } from "./entries.ts";

interface Destination {
  readonly to: string;
  readonly why: MoveIntent["why"];
  readonly deliveries: number;
}

/** Most topics never have any: they share what is empty, and get their own with the first. */
const noneLeaving: Map<number, Destination> = new Map();
const noneTaken: Set<string> = new Set();

export class Moves {
  #leaving = noneLeaving;
  #taken = noneTaken;

  get isEmpty(): boolean {
    return this.#leaving.size === 0 && this.#taken.size === 0;
  }

  begin({ seqs, to, why, deliveries }: MoveIntent): void {
    if (this.#leaving === noneLeaving) this.#leaving = new Map();
    for (const [i, seq] of seqs.entries()) this.#leaving.set(seq, { to, why, deliveries: deliveries[i] });
  }

  /** They have left, or are gone otherwise, or stay after all. */
  end(seqs: readonly number[]): void {
    if (this.#leaving.size > 0) for (const seq of seqs) this.#leaving.delete(seq);
  }

  /** Whether a record is promised to another topic. */
  has(seq: number): boolean {
    return this.#leaving.has(seq);
  }

  /** What has been promised, by destination, from a seq on. */
  pending(from: number): MoveIntent[] {
    const found = new Map<string, { to: string; why: MoveIntent["why"]; seqs: number[] }>();
    for (const [seq, { to, why }] of this.#leaving) {
      if (seq < from) continue;
      const key = `${why} ${to}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { to, why, seqs: [seq] });
      else known.seqs.push(seq);
    }
    return [...found.values()].map(({ to, why, seqs }) => {
      seqs.sort((a, b) => a - b);
      return { to, why, seqs, deliveries: seqs.map((seq) => this.#leaving.get(seq)!.deliveries) };
    });
  }

  /** A copy under this key is here, or was. */
  took(key: string): void {
    if (this.#taken === noneTaken) this.#taken = new Set();
    this.#taken.add(key);
  }

  hasTaken(key: string): boolean {
    return this.#taken.has(key);
  }

  get taken(): Iterable<string> {
    return this.#taken;
  }

  forget(key: string): void {
    this.#taken.delete(key);
  }

  clear(): void {
    this.#leaving = noneLeaving;
    this.#taken = noneTaken;
  }

  /** For a checkpoint. */
  toJson(from: number): unknown {
    if (this.isEmpty) return undefined;
    const leaving = this.pending(from).map(({ to, why, seqs, deliveries }) => [to, why, runsOf(seqs), deliveries]);
    return { leaving, taken: [...this.#taken] };
  }

  /** `false` for what `toJson` does not give. */
  restore(json: unknown): boolean {
    if (json === undefined) return true;
    if (typeof json !== "object" || json === null) return false;
    const { leaving, taken } = json as Readonly<Record<string, unknown>>;
    if (!Array.isArray(leaving) || !Array.isArray(taken)) return false;
    for (const item of leaving as unknown[]) {
      if (!Array.isArray(item)) return false;
      const [to, why, runs, counts] = item as unknown[];
      const seqs = seqsOf(runs);
      if (!Array.isArray(counts) || counts.length !== seqs?.length) return false;
      const deliveries: number[] = [];
      for (const count of counts as unknown[]) {
        if (!Number.isSafeInteger(count)) return false;
        deliveries.push(count as number);
      }
      if (typeof to !== "string" || (why !== "dead" && why !== "redrive")) return false;
      this.begin({ seqs, to, why, deliveries });
    }
    for (const key of taken as unknown[]) {
      if (typeof key !== "string") return false;
      this.took(key);
    }
    return true;
  }
}
