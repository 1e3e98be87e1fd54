/**
 * Moves records between topics (spec 5), dead letters and their way back: a promise in the source's log, synced; the copy,
 * synced, under a key of source, epoch and seq; then the delete, synced. Whatever happens in between, a start finishes it,
 * and the key sees to it that the copy is made once. What cannot be copied stays, and the promise is taken back.
 *
 * A record: here → promised → copied → deleted here, or promised → here again. Where it cannot be known whether a copy or a
 * promise is in the log (a shard that has latched), it stays in hand, and nobody gets it before a start has found out.
 */
import { TopicsError } from "../base/errors.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import { deadLetter, revived } from "../queue/dead-letter.ts";
import type { JobTable } from "../queue/job-table.ts";
import type { MoveIntent } from "../topic/entries.ts";
import type { SingleRecord } from "../topic/read-jobs.ts";
import type { Topic } from "../topic/topic.ts";

export interface Move extends MoveIntent {
  readonly source: Topic;
  /** Of a queue: whose records they are. */
  readonly table: JobTable | undefined;
}

export interface Moved {
  /** They are gone from here, or somebody else took them. */
  readonly moved: readonly number[];
  /** They could not be copied, and are here as before. */
  readonly stayed: readonly number[];
  readonly failure: TopicsError | undefined;
}

export interface MoverDeps {
  /** The topic by that name, its creation synced; for dead letters it is made if it is not there. Throws where that can't be. */
  destination(move: Move): Promise<Topic>;
  /** What is counted in a metric: dead letters that were delivered once more instead. */
  failed(move: Move, count: number, error: TopicsError): void;
}

/** One promise, and one delete, is for at most so many. */
export const movesPerStep = 256;

export class Mover {
  readonly #deps: MoverDeps;

  constructor(deps: MoverDeps) {
    this.#deps = deps;
  }

  /** Records that nobody else can get meanwhile. */
  async move(move: Move): Promise<Moved> {
    const { source, seqs } = move;
    let to: Topic;
    try {
      to = await this.#deps.destination(move);
      if (isLogged(source)) await source.logIntent(seqs, move);
    } catch (error) {
      return this.#stayed(move, seqs, refusal(error));
    }
    return this.#finish(move, to);
  }

  /** What a promise in the log says that was not kept yet. */
  async resume(move: Move): Promise<Moved> {
    let to: Topic;
    try {
      to = await this.#deps.destination(move);
    } catch (error) {
      return this.#cancel(move, move.seqs, refusal(error));
    }
    return this.#finish(move, to);
  }

  async #finish(move: Move, to: Topic): Promise<Moved> {
    const { source } = move;
    const { copied, refused, failure } = await copyAll(move, to);
    if (copied.length > 0) await this.#remove(move, to, copied);
    if (refused.length === 0) return { moved: copied, stayed: [], failure };
    const { stayed } = isLogged(source)
      ? await this.#cancel(move, refused, failure!)
      : this.#stayed(move, refused, failure!);
    return { moved: copied, stayed, failure };
  }

  /** Only then is the key not needed any more. */
  async #remove(move: Move, to: Topic, copied: readonly number[]): Promise<void> {
    const { source, table, why } = move;
    const transition = table !== undefined && why === "dead" ? { dead: copied.length } : undefined;
    try {
      await source.changeJobs({
        removed: copied,
        transition,
        synced: true,
        reserve: true,
        publish: (removed) => {
          if (why === "dead") table?.buried(removed);
        },
      });
    } catch (error) {
      // With the topic the records are gone; otherwise they stay in hand until the next start.
      if (!(error instanceof TopicsError)) throw error;
      if (error.code !== "topic_not_found") return;
    }
    for (const seq of copied) to.forgetCopy(copyKeyOf(source, seq));
  }

  async #cancel(move: Move, seqs: readonly number[], failure: TopicsError): Promise<Moved> {
    try {
      if (isLogged(move.source)) await move.source.logIntent(seqs, undefined);
    } catch (error) {
      // A source that is read-only or gone delivers nothing that could be acked.
      if (!(error instanceof TopicsError)) throw error;
    }
    return this.#stayed(move, seqs, failure);
  }

  #stayed(move: Move, seqs: readonly number[], failure: TopicsError): Moved {
    this.#deps.failed(move, seqs.length, failure);
    return { moved: [], stayed: seqs, failure };
  }
}

export function copyKeyOf({ id, epoch }: Pick<Topic, "id" | "epoch">, seq: number): string {
  return `${id}.${epoch}.${seq}`;
}

/** What an `ephemeral` topic holds is not there after a restart: there would be nothing to finish. */
function isLogged({ config }: Topic): boolean {
  return config.durability !== "ephemeral";
}

interface Copies {
  readonly copied: readonly number[];
  readonly refused: readonly number[];
  readonly failure: TopicsError | undefined;
}

/** In order; all of them are staged in one go, so that they share a sync. */
async function copyAll(move: Move, to: Topic): Promise<Copies> {
  const { source, seqs } = move;
  const copied: number[] = [];
  const refused: number[] = [];
  let failure: TopicsError | undefined;
  const records = new Map<number, SingleRecord>();
  for (const seq of seqs) {
    try {
      for (const record of await source.readSingles([seq])) records.set(seq, record);
    } catch (error) {
      failure = refusal(error);
      refused.push(seq);
    }
  }
  const copying = seqs
    .filter((seq) => records.has(seq))
    .map(async (seq) => {
      await to.append({
        batch: batchFor(move, records.get(seq)!),
        idempotencyKey: undefined,
        disableBackpressure: true,
        copyKey: copyKeyOf(source, seq),
      });
      return seq;
    });
  const outcomes = await Promise.allSettled(copying);
  const tried = seqs.filter((seq) => records.has(seq));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") {
      copied.push(outcome.value);
      continue;
    }
    failure = refusal(outcome.reason);
    // Whether the copy will be there after a start nobody knows: until then the record is neither here nor there.
    if (failure.detail?.["outcome"] !== "unknown") refused.push(tried[i]);
  }
  return { copied, refused: refused.sort((a, b) => a - b), failure };
}

function batchFor({ source, why, seqs, deliveries }: Move, record: SingleRecord): RecordBatch {
  if (why === "redrive") return revived(record);
  return deadLetter(record, source.name, deliveries[seqs.indexOf(record.seq)]);
}

/** A caller's error, or what the disk says; everything else is a bug. */
function refusal(error: unknown): TopicsError {
  if (error instanceof TopicsError) return error;
  throw error;
}
