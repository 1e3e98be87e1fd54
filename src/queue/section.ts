/**
 * The jobs of a queue in a checkpoint (spec 5, 6.4): durable leases, delays, and how often what waits again was delivered.
 * Neighbours that were delivered equally often are a run, so that it stays small however much is in flight.
 */
import { isCount, isObject } from "../base/decoded-json.ts";
import type { Job } from "./job.ts";
import { isListOf, isTransition, isTuple, type LoggedClaim, type LoggedReturn } from "./transition.ts";

const maxRun = 1 << 24;

/** First and last seq, and deliveries of each. */
export type WaitingRun = readonly [first: number, last: number, deliveries: number];

export interface CapturedJobs {
  readonly cursor: number;
  readonly dead: number;
  /** Claimable at the next start, ahead of what was never claimed. */
  readonly waiting?: readonly WaitingRun[];
  readonly delayed?: readonly LoggedReturn[];
  readonly leases?: readonly LoggedClaim[];
}

export function captureJobs(jobs: Iterable<Job>, cursor: number, dead: number): CapturedJobs {
  const waiting: [number, number, number][] = [];
  const delayed: LoggedReturn[] = [];
  const leases: (LoggedClaim & { readonly jobs: [number, number][] })[] = [];
  for (const job of inOrder(jobs)) {
    const { seq, deliveries, state } = job;
    if (state === "delayed") delayed.push([seq, job.dueMs, deliveries]);
    else if (state === "leased" && job.durable) addLease(leases, job);
    else addRun(waiting, seq, deliveries);
  }
  return {
    cursor,
    dead,
    ...(waiting.length > 0 ? { waiting } : {}),
    ...(delayed.length > 0 ? { delayed } : {}),
    ...(leases.length > 0 ? { leases } : {}),
  };
}

export function isCaptured(value: unknown): value is CapturedJobs {
  if (!isObject(value)) return false;
  const { cursor, dead, waiting, delayed, leases } = value;
  const runs =
    waiting === undefined ||
    isListOf(waiting, (run) => isTuple(run, 3) && run[1] - run[0] >= 0 && run[1] - run[0] < maxRun);
  return isCount(cursor) && isCount(dead) && runs && isTransition({ claims: leases, returned: delayed });
}

function addRun(runs: [number, number, number][], seq: number, deliveries: number): void {
  const last = runs.at(-1);
  if (last !== undefined && last[1] === seq - 1 && last[2] === deliveries) last[1] = seq;
  else runs.push([seq, seq, deliveries]);
}

function addLease(leases: (LoggedClaim & { readonly jobs: [number, number][] })[], job: Job): void {
  const { seq, deliveries, node, idPrefix: prefix, idNumber, leaseMs, deadlineMs } = job;
  const last = leases.at(-1);
  const follows =
    last?.node === node &&
    last.prefix === prefix &&
    last.first + last.jobs.length === idNumber &&
    last.leaseMs === leaseMs &&
    last.deadlineMs === deadlineMs;
  if (follows) last.jobs.push([seq, deliveries]);
  else leases.push({ node, prefix, first: idNumber, leaseMs, deadlineMs, jobs: [[seq, deliveries]] });
}

/** They mostly are already. */
function inOrder(jobs: Iterable<Job>): Job[] {
  const list = [...jobs];
  return list.every(({ seq }, i) => i === 0 || list[i - 1].seq < seq) ? list : list.sort((a, b) => a.seq - b.seq);
}
