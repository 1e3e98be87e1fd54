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
}

export class Moves {
  readonly #leaving = new Map<number, Destination>();
  readonly #taken = new Set<string>();

  get isEmpty(): boolean {
    return this.#leaving.size === 0 && this.#taken.size === 0;
  }

  begin({ seqs, to, why }: MoveIntent): void {
    const destination = { to, why };
    for (const seq of seqs) this.#leaving.set(seq, destination);
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
    for (const { seqs } of found.values()) seqs.sort((a, b) => a - b);
    return [...found.values()];
  }

  /** A copy under this key is here, or was. */
  took(key: string): void {
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
    this.#leaving.clear();
    this.#taken.clear();
  }

  /** For a checkpoint. */
  toJson(from: number): unknown {
    if (this.isEmpty) return undefined;
    const leaving = this.pending(from).map(({ to, why, seqs }) => [to, why, runsOf(seqs)]);
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
      const [to, why, runs] = item as unknown[];
      const seqs = seqsOf(runs);
      if (typeof to !== "string" || (why !== "dead" && why !== "redrive") || seqs === undefined) return false;
      this.begin({ seqs, to, why });
    }
    for (const key of taken as unknown[]) {
      if (typeof key !== "string") return false;
      this.took(key);
    }
    return true;
  }
}
