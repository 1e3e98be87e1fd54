/**
 * What the engine's own classes need to work on the directory that a repair makes (spec 6.6): segments that are written and
 * read there, topics that log nothing, a clock that goes on from what the damaged log says.
 */
import { EngineClock } from "../../engine/engine-clock.ts";
import { SharedQuota } from "../../engine/quota.ts";
import { Segments } from "../../engine/segments.ts";
import { defaultStorageConfig } from "../../engine/storage-config.ts";
import type { Env } from "../../env/env.ts";
import { BlockPool } from "../../topic/block-pool.ts";
import { JobTable } from "../../queue/job-table.ts";
import type { TopicDeps } from "../../topic/instance.ts";
import { PartReads } from "../../topic/part-reads.ts";
import type { CommitLog } from "../../wal/commit.ts";
import { PartSink } from "./part-sink.ts";

export interface Workshop {
  readonly directory: string;
  readonly directoryId: string;
  readonly clock: EngineClock;
  readonly segments: Segments;
  readonly pool: BlockPool;
  readonly reads: PartReads;
  readonly sink: PartSink;
  readonly topicDeps: TopicDeps;
  /** Tails take more memory than they may. */
  readonly isFull: () => boolean;
}

const config = { ...defaultStorageConfig, reserveBytes: 0 };
const blockBytes = 128 << 10;

export function openWorkshop(env: Env, directory: string, directoryId: string): Workshop {
  const clock = new EngineClock(env.clock, () => undefined);
  const nextStamp = (): number => clock.nextStamp();
  const segments = new Segments({ env, directory, coldDirectory: undefined, directoryId, nextStamp });
  const pool = new BlockPool();
  const reads = new PartReads(segments.files, pool, config.cacheBytes);
  const quota = new SharedQuota(0);
  const topicClock = { nowMs: () => clock.nowMs(), nextStamp, monotonicMs: () => env.clock.monotonicMs() };
  const topicDeps: TopicDeps = {
    log: nothingIsLogged,
    clock: topicClock,
    timers: env.timers,
    blocks: pool,
    parts: reads,
    blockBytes,
    sealAt: { records: Infinity, bytes: Infinity },
    quota,
    events: {
      headMoved: () => undefined,
      damaged: () => undefined,
      sealDue: () => undefined,
      released: ({ entry }) => segments.release(entry),
    },
    jobs: () => new JobTable(topicClock),
    rescue: () => Promise.resolve(false),
  };
  const sink = new PartSink({ env, directory, directoryId, segments, nextStamp });
  const isFull = (): boolean => quota.heldBytes > config.tailBytes;
  return { directory, directoryId, clock, segments, pool, reads, sink, topicDeps, isFull };
}

const nothingIsLogged: CommitLog = { draft: refuse, submit: refuse, requestSync: refuse, place: refuse, admit: refuse };

function refuse(): never {
  throw new Error("a repair logs nothing");
}
