/**
 * Subscribers of a topic that want the same, read in the same way: what one of them was sent is kept for the moment, so
 * that it is read and serialised once for all of them (spec 4.3). A moment is a stretch in which nothing else runs.
 */

/** What a read at a cursor led to. */
export interface Delivery {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly headSeq: number;
  readonly caughtUp: boolean;
  /** Without an answer to bring there is none. */
  readonly frame: { id: string | undefined; bytes: unknown } | undefined;
  /** Of the records. */
  readonly bytes: number;
  /** The stream that got it follows this topic only: so its id is that of every other such stream. */
  readonly isAlone: boolean;
}

export class FanClass {
  readonly key: string;
  subscribers = 0;
  #moment = -1;
  #delivery: Delivery | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** What subscribers at this cursor get, if that is known in this moment. */
  at(moment: number, fromSeq: number): Delivery | undefined {
    return this.#moment === moment && this.#delivery?.fromSeq === fromSeq ? this.#delivery : undefined;
  }

  keep(moment: number, delivery: Delivery): void {
    this.#moment = moment;
    this.#delivery = delivery;
  }

  forget(): void {
    this.#delivery = undefined;
  }
}
