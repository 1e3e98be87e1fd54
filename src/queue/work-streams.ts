/**
 * Work streams of one queue (spec 5, `GET …/work`): each keeps up to `max` jobs leased and pushed. A slot is free the moment
 * its job is acked, given back, expired or gone; when the stream ends, what it holds is claimable again at once. A stream
 * whose reader is slow gets no more jobs until it has caught up.
 *
 * Streams are fed together, in turns, so that what there is is divided evenly. While some are open one timer for all of
 * them stands at the next moment when a lease expires or a delay ends.
 */
import { TopicsError } from "../base/errors.ts";
import type { TimerHandle, Timers } from "../env/env.ts";
import type { Cohort } from "./cohort.ts";
import type { JobClock, LeaseOwner } from "./job.ts";
import type { ClaimedJob } from "./requests.ts";

const longestMs = 2 ** 31 - 1;
/** What failed is tried again. */
const retryMs = 1000;

export interface WorkRequest {
  readonly node: string;
  readonly max: number;
  readonly leaseMs: number | undefined;
}

export interface WorkSink {
  /** The reader keeps up: it may be given more. */
  readonly isReady: boolean;
  push(job: ClaimedJob): void;
  /** Nothing follows. */
  end(error: TopicsError): void;
}

export interface WorkStreamsDeps {
  readonly clock: JobClock;
  readonly timers: Timers;
  readonly cohort: Cohort;
  /** Makes the table right for now. */
  settle(): void;
  /** On the monotonic clock. */
  nextChangeMs(): number;
  leaseMs(asked: number | undefined): number;
  release(owner: WorkStream, seqs: readonly number[]): void;
  crash(error: unknown): void;
}

export class WorkStreams {
  readonly #deps: WorkStreamsDeps;
  readonly #open = new Set<WorkStream>();
  #timer: TimerHandle | undefined;
  #planned = false;
  #feeding = false;
  /** Something happened while it was being fed. */
  #again = false;

  constructor(deps: WorkStreamsDeps) {
    this.#deps = deps;
  }

  open(request: WorkRequest, sink: WorkSink): WorkStream {
    const stream = new WorkStream(request, sink, {
      leaseMs: () => this.#deps.leaseMs(request.leaseMs),
      wake: () => this.wake(),
      left: (seqs) => {
        this.#open.delete(stream);
        this.#deps.release(stream, seqs);
        if (this.#open.size === 0) this.#disarm();
      },
    });
    this.#open.add(stream);
    this.wake();
    return stream;
  }

  /** Looks soon whether there is something to push. */
  wake(): void {
    if (this.#planned || this.#open.size === 0) return;
    this.#planned = true;
    this.#deps.timers.soon(() => {
      this.#planned = false;
      this.#feed().catch((error: unknown) => this.#deps.crash(error));
    });
  }

  end(error: TopicsError): void {
    for (const stream of [...this.#open]) stream.end(error);
  }

  async #feed(): Promise<void> {
    this.#again = this.#feeding;
    if (this.#feeding) return;
    this.#disarm();
    // A lease that has run out frees its slot.
    this.#deps.settle();
    const hungry = [...this.#open].filter((stream) => stream.max > 0);
    if (hungry.length === 0) return this.#arm(longestMs);
    this.#feeding = true;
    let failed = false;
    try {
      const shares = await this.#deps.cohort.join(hungry);
      for (const [i, share] of shares.entries()) {
        if (share.length === 0) continue;
        this.#again = true;
        for (const job of share) hungry[i].push(job);
      }
      // In turns: who was fed first is last the next time.
      if (this.#open.delete(hungry[0])) this.#open.add(hungry[0]);
    } catch (error) {
      // What hinders a claim hinders a stream: it goes on when it can.
      if (!(error instanceof TopicsError)) throw error;
      failed = true;
    } finally {
      this.#feeding = false;
    }
    if (this.#again) this.wake();
    else this.#arm(failed ? retryMs : longestMs);
  }

  #arm(atMostMs: number): void {
    const leftMs = this.#deps.nextChangeMs() - this.#deps.clock.monotonicMs();
    if (this.#timer !== undefined || this.#open.size === 0) return;
    const delayMs = Math.min(Math.max(1, Math.ceil(leftMs) + 1), atMostMs);
    if (leftMs === Infinity && atMostMs === longestMs) return;
    this.#timer = this.#deps.timers.after(delayMs, () => {
      this.#timer = undefined;
      this.wake();
    });
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#deps.timers.clear(this.#timer);
    this.#timer = undefined;
  }
}

interface StreamDeps {
  leaseMs(): number;
  wake(): void;
  left(seqs: readonly number[]): void;
}

export class WorkStream implements LeaseOwner {
  readonly node: string;
  readonly owner: this = this;
  readonly #slots: number;
  readonly #sink: WorkSink;
  readonly #deps: StreamDeps;
  readonly #held = new Set<number>();
  #closed = false;

  constructor(request: WorkRequest, sink: WorkSink, deps: StreamDeps) {
    this.node = request.node;
    this.#slots = request.max;
    this.#sink = sink;
    this.#deps = deps;
  }

  /** Slots that are free, for a reader that keeps up. */
  get max(): number {
    return this.#closed || !this.#sink.isReady ? 0 : this.#slots - this.#held.size;
  }

  get leaseMs(): number {
    return this.#deps.leaseMs();
  }

  get hasLeft(): boolean {
    return this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  push(job: ClaimedJob): void {
    if (!this.#closed) this.#sink.push(job);
  }

  leased(seq: number): void {
    this.#held.add(seq);
  }

  freed(seq: number): void {
    if (this.#held.delete(seq) && !this.#closed) this.#deps.wake();
  }

  /** The reader has caught up. */
  drained(): void {
    this.#deps.wake();
  }

  /** The connection has gone, or is about to. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deps.left([...this.#held]);
    this.#held.clear();
  }

  end(error: TopicsError): void {
    if (this.#closed) return;
    this.#sink.end(error);
    this.close();
  }
}
