/**
 * One pass over a queue (spec 5): takes as many claimable jobs as its claimers want, reclaimed ones first, then fresh ones
 * by seq, and divides them evenly, round-robin. Where everything is at hand it is done in one go. Where records have to be
 * read, jobs moved to the dead letters, or leases logged first, the jobs are in hand meanwhile, and nobody else's.
 */
import { TopicsError } from "../base/errors.ts";
import type { SingleRecord } from "../topic/read-jobs.ts";
import type { Topic } from "../topic/topic.ts";
import type { Job } from "./job.ts";
import type { JobTable } from "./job-table.ts";
import { type LeaseIds, leaseIdText } from "./lease-id.ts";
import type { ClaimedJob, Claimer } from "./requests.ts";
import type { LoggedClaim } from "./transition.ts";

/** A job whose block cannot be read lets the others pass for so long. */
const setAsideMs = 30_000;

export interface PassDeps {
  readonly topic: Topic;
  readonly table: JobTable;
  readonly leaseIds: LeaseIds;
  readonly nowMs: () => number;
  /** Makes the table right for now. */
  settle(): void;
  /**
   * Those of the jobs that were delivered too often go to the dead letters, and are busy meanwhile; the others, and what
   * could not go there, are returned. `undefined`: none of them has to.
   */
  bury(jobs: readonly Job[]): Promise<readonly Job[]> | undefined;
}

interface InHand {
  readonly job: Job;
  readonly record: SingleRecord;
}

/** What each of the claimers gets, in their order. */
export async function pass(deps: PassDeps, claimers: readonly Claimer[]): Promise<ClaimedJob[][]> {
  const { table } = deps;
  const inHand: InHand[] = [];
  try {
    const total = claimers.reduce((sum, { max, hasLeft }) => sum + (hasLeft ? 0 : max), 0);
    await take(deps, total, inHand);
    const shares = deal(inHand, claimers);
    const durable = deps.topic.config.leasesDurable && deps.topic.config.durability !== "ephemeral";
    return durable
      ? await leaseDurably(deps, claimers, shares)
      : shares.map((share, i) => lease(deps, claimers[i], share));
  } finally {
    // What nobody got goes back, also when something failed.
    for (const { job } of inHand) if (job.state === "taken" && !job.busy) table.giveBack(job);
  }
}

async function take(deps: PassDeps, total: number, inHand: InHand[]): Promise<void> {
  const { table, topic } = deps;
  let failure: TopicsError | undefined;
  while (inHand.length < total) {
    deps.settle();
    const jobs: Job[] = [];
    while (jobs.length < total - inHand.length) {
      const job = table.take((seq) => topic.nextLive(seq));
      if (job === undefined) break;
      jobs.push(job);
    }
    if (jobs.length === 0) break;
    try {
      const burying = deps.bury(jobs);
      const deliverable = burying === undefined ? jobs : await burying;
      const reading = readable(deps, deliverable);
      const { records, failed } = reading instanceof Promise ? await reading : reading;
      failure ??= failed;
      for (const record of records) {
        const job = table.job(record.seq);
        if (job?.state === "taken" && !job.busy) inHand.push({ job, record });
      }
      // Nothing was lost on the way: there is no more, or no more is wanted.
      if (records.length === jobs.length) break;
    } finally {
      const got = new Set(inHand.map(({ job }) => job));
      for (const job of jobs) if (job.state === "taken" && !job.busy && !got.has(job)) table.giveBack(job);
    }
  }
  if (inHand.length === 0 && failure !== undefined) throw failure;
}

interface Readable {
  readonly records: readonly SingleRecord[];
  readonly failed: TopicsError | undefined;
}

function readable(deps: PassDeps, jobs: readonly Job[]): Readable | Promise<Readable> {
  const seqs = jobs.map(({ seq }) => seq);
  if (!isAscending(seqs)) seqs.sort((a, b) => a - b);
  const reading = deps.topic.readSingles(seqs);
  if (!(reading instanceof Promise)) return { records: reading, failed: undefined };
  return reading.then(
    (records) => ({ records, failed: undefined }),
    (error: unknown) => readEach(deps, jobs, error),
  );
}

/** Damage fails the jobs in its range, and only them (6.6): they are set aside, so that they hold up nobody. */
async function readEach({ topic, table, nowMs }: PassDeps, jobs: readonly Job[], failed: unknown): Promise<Readable> {
  if (!(failed instanceof TopicsError) || failed.code === "topic_not_found") throw failed;
  const records: SingleRecord[] = [];
  for (const job of jobs) {
    try {
      records.push(...(await topic.readSingles([job.seq])));
    } catch (error) {
      if (!(error instanceof TopicsError) || error.code === "topic_not_found") throw error;
      if (job.state === "taken") table.giveBack(job, nowMs() + setAsideMs);
    }
  }
  return { records, failed };
}

/** Round-robin, up to what each one wants; each share ascends. */
function deal(inHand: readonly InHand[], claimers: readonly Claimer[]): InHand[][] {
  const shares: InHand[][] = claimers.map(() => []);
  let open = claimers.flatMap(({ hasLeft, max }, i) => (hasLeft || max === 0 ? [] : [i]));
  for (let next = 0, at = 0; next < inHand.length && open.length > 0; next++) {
    const i = open[at];
    shares[i].push(inHand[next]);
    if (shares[i].length < claimers[i].max) at++;
    else open = open.filter((one) => one !== i);
    if (at >= open.length) at = 0;
  }
  for (const share of shares) share.sort((a, b) => a.job.seq - b.job.seq);
  return shares;
}

function lease(deps: PassDeps, claimer: Claimer, share: readonly InHand[]): ClaimedJob[] {
  if (share.length === 0) return [];
  return give(deps, claimer, share, planLease(deps, claimer, share.length), false);
}

interface PlannedLease {
  readonly first: number;
  readonly term: ReturnType<JobTable["term"]>;
}

function planLease({ table, leaseIds }: PassDeps, { leaseMs }: Claimer, count: number): PlannedLease {
  return { first: leaseIds.take(count), term: table.term(leaseMs) };
}

function give(
  { table, leaseIds }: PassDeps,
  { node, owner }: Claimer,
  share: readonly InHand[],
  { first, term }: PlannedLease,
  durable: boolean,
): ClaimedJob[] {
  const claimed: ClaimedJob[] = [];
  for (const [i, { job, record }] of share.entries()) {
    // Deleted while its lease was being logged.
    if (job.state !== "taken") continue;
    const idNumber = first + i;
    table.lease(job, { node, term, idPrefix: leaseIds.prefix, idNumber, durable, owner });
    const { ts, tag, body } = record;
    const leaseId = leaseIdText(leaseIds.prefix, idNumber);
    const { seq, deliveries } = job;
    claimed.push({ seq, leaseId, deadlineMs: term.deadlineMs, ts, tag, deliveries, body });
  }
  return claimed;
}

/** Fail-closed: nobody sees a job before its lease is in the log, by the topic's class. */
async function leaseDurably(
  deps: PassDeps,
  claimers: readonly Claimer[],
  shares: readonly InHand[][],
): Promise<ClaimedJob[][]> {
  const { leaseIds, topic } = deps;
  const planned = shares.map((share, i) => planLease(deps, claimers[i], share.length));
  const claims: LoggedClaim[] = [];
  for (const [i, share] of shares.entries()) {
    if (share.length === 0) continue;
    const { first, term } = planned[i];
    const { leaseMs, deadlineMs } = term;
    const jobs = share.map(({ job }) => [job.seq, job.deliveries + 1] as const);
    claims.push({ node: claimers[i].node, prefix: leaseIds.prefix, first, leaseMs, deadlineMs, jobs });
  }
  let given: ClaimedJob[][] = shares.map(() => []);
  if (claims.length === 0) return given;
  await topic.changeJobs({
    removed: [],
    transition: { claims },
    synced: false,
    reserve: false,
    publish: () => {
      given = shares.map((share, i) => give(deps, claimers[i], share, planned[i], true));
    },
  });
  return given;
}

function isAscending(seqs: readonly number[]): boolean {
  for (let i = 1; i < seqs.length; i++) if (seqs[i] < seqs[i - 1]) return false;
  return true;
}
