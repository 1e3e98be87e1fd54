/** What offline tools find out about files (spec 6.6): good, damaged with its places, or not to be told. */

export type Outcome = "ok" | "inconclusive" | "damaged";

export interface Damage {
  readonly what: string;
  readonly offset?: number;
  readonly length?: number;
  /** What the place is known to have held. */
  readonly topic?: string;
  readonly firstSeq?: number;
  readonly lastSeq?: number;
}

export type FileKind = "manifest" | "checkpoint" | "wal" | "segment" | "deletes" | "lock" | "cold" | "directory";

export interface FileReport {
  readonly file: string;
  readonly kind: FileKind;
  readonly outcome: Outcome;
  readonly damages: readonly Damage[];
  /** Why nothing, or not everything, can be said. */
  readonly reason?: string;
  /** What is good to know and no damage. */
  readonly notes: readonly string[];
  /** Frames, records, topics: as many as were found good. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Damage that was found is certain, whatever else could not be read. */
export function worst(outcomes: Iterable<Outcome>): Outcome {
  const all = new Set(outcomes);
  return all.has("damaged") ? "damaged" : all.has("inconclusive") ? "inconclusive" : "ok";
}

/** What is found out about one file, bit by bit. */
export class Finding {
  readonly file: string;
  readonly kind: FileKind;
  readonly #damages: Damage[] = [];
  readonly #notes: string[] = [];
  readonly #counts: Record<string, number> = {};
  #reason: string | undefined;

  constructor(file: string, kind: FileKind) {
    this.file = file;
    this.kind = kind;
  }

  get damages(): readonly Damage[] {
    return this.#damages;
  }

  damaged(what: string, place: Omit<Damage, "what"> = {}): void {
    this.#damages.push({ what, ...place });
  }

  /** The first reason counts. */
  unsure(reason: string): void {
    this.#reason ??= reason;
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  count(what: string, more = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + more;
  }

  get report(): FileReport {
    const damages = this.#damages;
    const outcome = damages.length > 0 ? "damaged" : this.#reason === undefined ? "ok" : "inconclusive";
    const reason = this.#reason === undefined ? {} : { reason: this.#reason };
    return { file: this.file, kind: this.kind, outcome, damages, ...reason, notes: this.#notes, counts: this.#counts };
  }
}
