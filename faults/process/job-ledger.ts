/** What workers of a queue were told, over all the processes that served it (spec 1.10/10, 9.4/8). */
import assert from "node:assert/strict";

export interface ToldJob {
  readonly $seq: number;
  readonly lease_id: string;
  readonly deliveries: number;
  readonly data: number;
}

interface Held {
  readonly worker: string;
  readonly untilMs: number;
}

/** Clocks of two processes, and what lies between an answer and its taking down. */
const slackMs = 50;

export class JobLedger {
  readonly #durable: boolean;
  readonly #leaseMs: number;
  readonly #ids = new Set<string>();
  readonly #held = new Map<number, Held>();
  readonly #acked = new Set<number>();
  /** An ack was asked for, and no answer came. */
  readonly #unsure = new Set<number>();
  redelivered = 0;

  constructor(durable: boolean, leaseMs: number) {
    this.#durable = durable;
    this.#leaseMs = leaseMs;
  }

  get acks(): number {
    return this.#acked.size;
  }

  claimed(worker: string, jobs: readonly ToldJob[], askedMs: number): void {
    const nowMs = performance.now();
    for (const { $seq, lease_id: id, data, deliveries } of jobs) {
      assert.ok(!this.#ids.has(id), `lease id ${id} was given twice`);
      this.#ids.add(id);
      assert.ok(!this.#acked.has(data), `job ${data} was acked, and is delivered again`);
      const held = this.#held.get($seq);
      assert.ok(
        held === undefined || held.untilMs < nowMs + slackMs,
        `job ${data} went to ${worker} while ${held?.worker} held it`,
      );
      if (deliveries > 1) this.redelivered++;
      this.#held.set($seq, { worker, untilMs: askedMs + this.#leaseMs });
    }
  }

  /** Nobody counts on them any more: they were given back, or their connection was dropped. */
  released(jobs: readonly ToldJob[]): void {
    for (const { $seq } of jobs) this.#held.delete($seq);
  }

  asked(jobs: readonly ToldJob[]): void {
    for (const { data } of jobs) this.#unsure.add(data);
  }

  acked(jobs: readonly ToldJob[], skipped: readonly number[]): void {
    for (const { $seq, data } of jobs) {
      if (skipped.includes($seq)) continue;
      assert.ok(!this.#acked.has(data), `job ${data} was acked twice`);
      this.#acked.add(data);
      this.#held.delete($seq);
    }
  }

  /** The process is gone, and what only its memory had. */
  died(): void {
    if (!this.#durable) this.#held.clear();
  }

  /** All of them are done, each once; where no answer came it can't be told, but they are not there any more. */
  verify(count: number): void {
    for (let job = 1; job <= count; job++)
      assert.ok(this.#acked.has(job) || this.#unsure.has(job), `job ${job} is gone, and nobody acked it`);
  }
}
