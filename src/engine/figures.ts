/** What there is of everything at this moment (spec 7.4): counts of the engine's own, for whoever publishes them. */
import type { CommitClass } from "../topic/config.ts";
import type { Topic } from "../topic/topic.ts";
import type { Wal } from "../wal/wal.ts";

export interface WalFigures {
  /** Frames that wait to be written, now and at most so far. */
  readonly queueDepth: number;
  readonly queueDepthPeak: number;
  /** How often a frame found no room in a queue. */
  readonly submitFull: number;
  readonly readOnlyShards: number;
}

export interface EngineFigures {
  readonly topics: number;
  readonly topicsByClass: Readonly<Record<CommitClass, number>>;
  readonly queueTopics: number;
  readonly leasesInFlight: number;
  readonly routers: number;
  /** Records that the one furthest behind has to forward. */
  readonly routerLag: number;
  readonly recordsLive: number;
  readonly bytesLive: number;
  /** Memory of records that are not sealed. */
  readonly tailBytes: number;
  readonly idempotencyKeys: number;
  readonly cache: { readonly hits: number; readonly misses: number; readonly bytes: number };
  readonly wal: WalFigures;
}

export function topicCounts(topics: Iterable<Topic>): Pick<EngineFigures, "topics" | "topicsByClass" | "queueTopics"> {
  const topicsByClass = { ephemeral: 0, memory: 0, disk: 0, fsync: 0 };
  let all = 0;
  let queueTopics = 0;
  for (const { config } of topics) {
    all++;
    topicsByClass[config.durability]++;
    if (config.type === "queue") queueTopics++;
  }
  return { topics: all, topicsByClass, queueTopics };
}

/** Of a WAL that is not there yet, nothing. */
export function walFigures(wal: Wal | undefined): WalFigures {
  let queueDepth = 0;
  let queueDepthPeak = 0;
  let submitFull = 0;
  for (const { load } of wal?.shards ?? []) {
    queueDepth += load.queued;
    queueDepthPeak = Math.max(queueDepthPeak, load.peak);
    submitFull += load.full;
  }
  return { queueDepth, queueDepthPeak, submitFull, readOnlyShards: wal?.latched.length ?? 0 };
}
