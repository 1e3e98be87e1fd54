/**
 * Every job that was produced is in its queue, among the dead letters, or done, and in one of them alone; a move between the
 * two is both or neither; a lease id is given once (9.4/8).
 */
import type { Crash } from "../crash.ts";
import { deadJobs, type JobBook } from "../job.ts";
import { brief, type Observation } from "../observation.ts";
import { Violation } from "../violation.ts";

/** `places`: by its text, the topics in which a job is found. */
export function whereItMayBe(
  jobs: JobBook,
  places: ReadonlyMap<string, readonly string[]>,
  observation: Observation,
  crash: Crash,
): void {
  const wrong = (what: string): Violation => new Violation("9.4/8", `after ${crash}: ${what}`);
  for (const [data, topics] of places) {
    const job = jobs.job(data);
    if (job === undefined) throw wrong(`nobody produced ${data}, which is in ${topics.join(" and ")}`);
    // A stream may be burying it right now: for a moment a running server shows both.
    const isMoving = crash === "none" && topics.length === 2 && topics.includes(job.home) && topics.includes(deadJobs);
    if (isMoving) continue;
    if (topics.length > 1) throw wrong(`job ${data} is there ${topics.length} times: in ${topics.join(" and ")}`);
    if (topics[0] !== job.home && topics[0] !== deadJobs) throw wrong(`job ${data} of ${job.home} is in ${topics[0]}`);
    if (job.is === "never") throw wrong(`job ${data} was refused, and is in ${topics[0]}`);
    if (job.is === "gone" && jobs.isCertain(job, crash)) throw wrong(`job ${data} was done, and is in ${topics[0]}`);
  }
  for (const job of jobs.all)
    if (job.is === "there" && !places.has(job.data) && jobs.isCertain(job, crash))
      throw wrong(`job ${job.data} of ${job.home} is nowhere`);
  for (const { data, meta } of observation.get(deadJobs)?.records ?? []) deadInTime(jobs, data, meta);
}

/** Among the dead letters is what was delivered as often as may be, and it says so. */
function deadInTime(jobs: JobBook, data: string, meta: string | undefined): void {
  const job = jobs.job(data);
  const queue = job && jobs.queue(job.home);
  if (job === undefined || queue === undefined) return;
  const told = JSON.parse(meta ?? "{}") as Record<string, unknown>;
  const isSigned = told["$dead_letter_from"] === job.home && Number(told["$dead_letter_deliveries"]) > 0;
  if (queue.maxDeliveries === 0 || !isSigned || (job.deliveries ?? Infinity) < queue.maxDeliveries)
    throw new Violation(
      "9.4/8",
      `job ${data} was delivered ${job.deliveries ?? "some"} of ${queue.maxDeliveries} times, and is dead: ${brief(told)}`,
    );
}

/** When nothing holds them any more all jobs of a queue are claimable, or dead. */
export function allClaimed(queue: string, found: readonly string[], claimed: ReadonlySet<string>): void {
  const left = found.filter((data) => !claimed.has(data));
  if (left.length === 0) return;
  throw new Violation(
    "9.4/8",
    `${queue}: of ${found.length} jobs nobody holds ${left.length} could not be claimed, ${left[0]} among them`,
  );
}
