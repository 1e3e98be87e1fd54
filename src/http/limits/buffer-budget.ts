/**
 * The memory of bodies on their way in, and of answers and full streams that the kernel has not taken yet (spec 7.3). At the limit new
 * requests are refused and bodies are not read further, but for the one that has been at it longest: there is always one
 * that can come to its end, and the bound is passed by no more than that one body. Each request that is refused also ends
 * whoever has held on for longest, if that is longer than a good connection needs: slow clients cannot keep others out.
 */
import { assert } from "../../base/assert.ts";
import { TopicsError } from "../../base/errors.ts";
import type { Clock } from "../../env/env.ts";

/** Whose memory it is. */
export interface Holder {
  pause(): void;
  resume(): void;
  /** Ends the connection. */
  cut(): void;
}

const graceMs = 10_000;

export class BufferBudget {
  readonly #max: number;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** The oldest first. */
  readonly #shares = new Set<Share>();
  #used = 0;

  /** `max` of 0 is no bound. */
  constructor(max: number, clock: Pick<Clock, "monotonicMs">) {
    this.#max = max === 0 ? Number.MAX_SAFE_INTEGER : max;
    this.#clock = clock;
  }

  get used(): number {
    return this.#used;
  }

  get full(): boolean {
    return this.#used >= this.#max;
  }

  share(holder: Holder): Share {
    const share = new Share(this, holder, this.#clock.monotonicMs());
    this.#shares.add(share);
    return share;
  }

  /** Of a stream that is full: nothing of it can be paused, but it can be given up. */
  hold(bytes: number, cut: () => void): Share {
    const share = this.share({ pause: () => undefined, resume: () => undefined, cut });
    share.add(bytes);
    return share;
  }

  /** Throws 429 at the limit. */
  demandRoom(): void {
    if (!this.full) return;
    const [oldest] = this.#shares;
    if (oldest !== undefined && this.#clock.monotonicMs() - oldest.sinceMs > graceMs) oldest.holder.cut();
    throw new TopicsError("throttled", "Too much is being received and sent at once; try again in a moment.", {
      limit: "max_buffered_bytes",
      max: this.#max,
      retry_after_ms: 1000,
    });
  }

  /** Of the bodies that are still coming, the one that is read whatever happens. */
  isFirst(share: Share): boolean {
    for (const one of this.#shares) if (one.receiving) return one === share;
    return false;
  }

  moved(bytes: number): void {
    this.#used += bytes;
    assert(this.#used >= 0, "what is freed was charged");
  }

  left(share: Share): void {
    this.#shares.delete(share);
  }

  /** There may be room, or another first. */
  wake(): void {
    for (const share of this.#shares) {
      if (!share.receiving) continue;
      if (!this.full) share.resume();
      else return share.resume();
    }
  }
}

/** What one request holds. */
export class Share {
  readonly holder: Holder;
  readonly sinceMs: number;
  receiving = false;
  readonly #budget: BufferBudget;
  #bytes = 0;
  #paused = false;

  constructor(budget: BufferBudget, holder: Holder, sinceMs: number) {
    this.#budget = budget;
    this.holder = holder;
    this.sinceMs = sinceMs;
  }

  /** A piece of the body has arrived. */
  received(bytes: number): void {
    this.receiving = true;
    this.add(bytes);
    if (!this.#budget.full || this.#budget.isFirst(this)) return;
    this.#paused = true;
    this.holder.pause();
  }

  /** The body is there, or will never be. */
  bodyOver(): void {
    this.receiving = false;
    this.#budget.wake();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.moved(bytes);
  }

  /** Nothing is held any more; it may be held again. */
  free(): void {
    this.#budget.moved(-this.#bytes);
    this.#bytes = 0;
    this.#budget.wake();
  }

  /** For good. */
  end(): void {
    this.receiving = false;
    this.#budget.left(this);
    this.free();
  }

  resume(): void {
    if (this.#paused) this.holder.resume();
    this.#paused = false;
  }
}
