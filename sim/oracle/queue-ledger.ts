/**
 * What workers were told of the jobs of one queue (spec 5, 9.4/8), and what that forbids: while a lease holds nobody else gets
 * the job, also after a crash that the lease survives; nobody gets one before its time; no lease id is given twice. Knows
 * nothing of how a queue does it. Where it cannot be known what holds (an answer that never came, a crash that may have taken
 * it), nothing is expected.
 */
import type { CommitClass } from "../../src/topic/config.ts";
import { type Crash, keepsAcked } from "./crash.ts";
import { textDigest } from "./text-digest.ts";

export interface ToldJob {
  readonly seq: number;
  readonly leaseId: string;
  readonly deliveries: number;
}

export interface HeldLease {
  readonly node: string;
  readonly leaseId: string;
  readonly deliveries: number;
  /** On the scheduler's monotonic clock: it holds at least until then. */
  readonly untilMs: number;
  readonly durable: boolean;
  readonly settled: boolean;
}

interface Delay {
  /** Wall time. */
  readonly dueMs: number;
  readonly settled: boolean;
}

/** The engine's clocks count whole milliseconds. */
const slackMs = 2;

export class QueueLedger {
  readonly #ids = new Set<string>();
  readonly #held = new Map<number, HeldLease>();
  readonly #delays = new Map<number, Delay>();
  /** Leased or delayed once, as far as the log may know: after a crash it may be either still. */
  readonly #maybe = new Set<number>();

  clone(): QueueLedger {
    const copy = new QueueLedger();
    for (const id of this.#ids) copy.#ids.add(id);
    for (const [seq, lease] of this.#held) copy.#held.set(seq, lease);
    for (const [seq, delay] of this.#delays) copy.#delays.set(seq, delay);
    for (const seq of this.#maybe) copy.#maybe.add(seq);
    return copy;
  }

  digest(): string {
    return textDigest([[...this.#ids], [...this.#held], [...this.#delays], [...this.#maybe]]);
  }

  get held(): ReadonlyMap<number, HeldLease> {
    return this.#held;
  }

  /** What a node holds for certain until then. */
  heldBy(node: string, untilMs: number): number[] {
    return [...this.#held].filter(([, lease]) => lease.node === node && lease.untilMs > untilMs).map(([seq]) => seq);
  }

  /** Whether it may rightly be missing among what is claimable. */
  mayBeAway(seq: number): boolean {
    return this.#maybe.has(seq);
  }

  /** A claim is asked for that the log will know of: any of these may be leased by it. */
  mayLease(seqs: Iterable<number>): void {
    for (const seq of seqs) this.#maybe.add(seq);
  }

  /** A claim was answered: what is wrong with that, or `undefined`. `askedMs`, `nowMs`: monotonic. */
  claimed(
    jobs: readonly ToldJob[],
    claim: {
      readonly node: string;
      readonly leaseMs: number;
      readonly askedMs: number;
      readonly nowMs: number;
      readonly wallMs: number;
      readonly durable: boolean;
    },
  ): string | undefined {
    const { node, leaseMs, askedMs, nowMs, wallMs, durable } = claim;
    for (const { seq, leaseId, deliveries } of jobs) {
      const before = this.#held.get(seq);
      if (this.#ids.has(leaseId)) return `lease id ${leaseId} was given twice`;
      if (before !== undefined && nowMs + slackMs < before.untilMs)
        return `job ${seq} went to ${node} while ${before.node} held it`;
      if (before !== undefined && deliveries <= before.deliveries)
        return `job ${seq} is delivered for the ${deliveries}. time, after the ${before.deliveries}.`;
      const delay = this.#delays.get(seq);
      if (delay !== undefined && wallMs + slackMs < delay.dueMs)
        return `job ${seq} was delivered ${delay.dueMs - wallMs} ms before its time`;
      this.#ids.add(leaseId);
      this.#delays.delete(seq);
      if (durable) this.#maybe.add(seq);
      this.#held.set(seq, { node, leaseId, deliveries, untilMs: askedMs + leaseMs, durable, settled: false });
    }
    return undefined;
  }

  /** Something is asked for about these: until it is answered nothing is certain. */
  asked(seqs: readonly number[]): void {
    for (const seq of seqs) this.#held.delete(seq);
  }

  delayed(seq: number, dueMs: number): void {
    this.#maybe.add(seq);
    this.#delays.set(seq, { dueMs, settled: false });
  }

  extended(seq: number, lease: HeldLease): void {
    this.#held.set(seq, lease);
  }

  settle(): void {
    for (const [seq, lease] of this.#held) this.#held.set(seq, { ...lease, settled: true });
    for (const [seq, delay] of this.#delays) this.#delays.set(seq, { ...delay, settled: true });
  }

  /** A server has been started after this. */
  restarted(crash: Crash, durability: CommitClass): void {
    const keeps = keepsAcked(crash, durability);
    for (const [seq, { durable, settled }] of this.#held)
      if (!durable || !(keeps || settled) || durability === "ephemeral") this.#held.delete(seq);
    for (const [seq, { settled }] of this.#delays)
      if (!(keeps || settled) || durability === "ephemeral") this.#delays.delete(seq);
  }
}
