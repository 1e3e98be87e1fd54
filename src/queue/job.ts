/** One job that is not simply waiting for its first delivery (spec 5): all that is kept of it beside its record. */

/**
 * `taken`: a pass has it in hand, and a lease will come of it or it goes back. `leased`. `delayed`: not before its time.
 * `returned`: claimable again, ahead of fresh ones. `gone`: its record is not there any more.
 */
export type JobState = "taken" | "leased" | "delayed" | "returned" | "gone";

/** Who pushed the job, and has to hear when it has it no longer. */
export interface LeaseOwner {
  leased(seq: number): void;
  /** The slot is free: acked, given back, expired, or the record is gone. */
  freed(seq: number): void;
  /** Nobody is there any more who could ack it. */
  readonly isClosed: boolean;
}

export interface Job {
  readonly seq: number;
  state: JobState;
  /** How often it was claimed. */
  deliveries: number;
  /** Something about it is being logged: until that is decided nobody else touches it. */
  busy: boolean;
  /** Engine clock: not claimable before; 0 unless delayed. */
  dueMs: number;
  /** The lease it has, or had. */
  node: string;
  leaseMs: number;
  /** Engine clock, as it was told. */
  deadlineMs: number;
  /** Monotonic clock, which decides (1.6). */
  untilMs: number;
  idPrefix: string;
  idNumber: number;
  /** The log knows of the lease: it holds after a restart. */
  durable: boolean;
  owner: LeaseOwner | undefined;
}

export function jobOf(seq: number, state: JobState, deliveries: number): Job {
  return {
    seq,
    state,
    deliveries,
    busy: false,
    dueMs: 0,
    node: "",
    leaseMs: 0,
    deadlineMs: 0,
    untilMs: 0,
    idPrefix: "",
    idNumber: 0,
    durable: false,
    owner: undefined,
  };
}

/** What the engine's clock and the monotonic one say. */
export interface JobClock {
  nowMs(): number;
  monotonicMs(): number;
}
