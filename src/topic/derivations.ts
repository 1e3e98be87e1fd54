/**
 * Which of a destination's records are copies that no frame of its own holds (spec 3.3). As long as such a copy is in the
 * tail, or on its way into it, a start has to derive it again: from a place on the way at which everything is known, with
 * the frames of the destination and of the source that lie behind it.
 */
import type { LogPlace } from "../wal/commit.ts";
import type { LinkState } from "./link.ts";

/** How far a destination had come. */
export interface DerivationPoint {
  readonly link: LinkState;
  readonly head: number;
  /** `$ts` of the last record. */
  readonly lastTs: number;
  /** Its last operation. */
  readonly op: number;
}

/** Where frames lie that derived copies need. */
export interface DerivedOrigin {
  /** In the destination's log: its frames behind the copies lie at or behind it. */
  readonly place: LogPlace;
  /** In the source's log: the frames that were copied lie at or behind it. */
  readonly sourcePlace: LogPlace;
  /** The last operation before the copies. */
  readonly op: number;
}

/** A stretch of copies, possibly with other records in between. */
interface Span extends DerivationPoint, DerivedOrigin {
  last: number;
}

/** A source's frames, from a place on, that cannot be done without. */
export interface SourceNeed {
  readonly sourceId: number;
  readonly place: LogPlace;
}

/** A stretch is as long as it need be for there to be few. */
const spanRecords = 1024;

export class Derivations {
  #spans: Span[] = [];
  readonly #staged = new Set<SourceNeed>();

  /** On their way; to be given back to `decided`. */
  stage(sourceId: number, place: LogPlace): SourceNeed {
    const staged = { sourceId, place };
    this.#staged.add(staged);
    return staged;
  }

  decided(staged: SourceNeed): void {
    this.#staged.delete(staged);
  }

  /** Copies behind a point, up to `last`. */
  add(
    { link, head, lastTs }: Omit<DerivationPoint, "op">,
    { place, sourcePlace, op }: DerivedOrigin,
    last: number,
  ): void {
    const span = this.#spans.at(-1);
    if (span !== undefined && span.link.source.id === link.source.id && last - span.head <= spanRecords)
      span.last = last;
    else this.#spans.push({ link, head, lastTs, op, place, sourcePlace, last });
  }

  /** What lies in front of the tail's first record is sealed, or gone. */
  trim(frontSeq: number): void {
    while (this.#spans.length > 0 && this.#spans[0].last < frontSeq) this.#spans.shift();
  }

  clear(): void {
    this.#spans = [];
  }

  /** Where to begin anew; `undefined` when there is nothing to derive. */
  get first(): (DerivationPoint & { readonly place: LogPlace }) | undefined {
    return this.#spans.at(0);
  }

  get needs(): readonly SourceNeed[] {
    const spans = this.#spans.map(({ link, sourcePlace }) => ({ sourceId: link.source.id, place: sourcePlace }));
    return [...spans, ...this.#staged];
  }
}
