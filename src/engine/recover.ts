/** From a locked directory to topics that take appends (spec 6.5): replay, findings, new files, and only then serve. */
import type { Env } from "../env/env.ts";
import { BlockPool } from "../topic/block-pool.ts";
import type { TopicDeps } from "../topic/instance.ts";
import type { CommitLog } from "../wal/commit.ts";
import { recoverWal } from "../wal/recovery.ts";
import { Wal } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { EngineConfig } from "./config.ts";
import type { OpenDirectory } from "./directory.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineHooks } from "./engine-hooks.ts";
import type { SharedQuota } from "./quota.ts";
import { Replayer, type ShardTopicDeps } from "./replayer.ts";
import { TopicIds } from "./topic-ids.ts";

export interface RecoverDeps {
  readonly env: Env;
  readonly config: EngineConfig;
  readonly hooks: EngineHooks;
  readonly directory: OpenDirectory;
  readonly catalog: Catalog;
  readonly clock: EngineClock;
  readonly quota: SharedQuota;
  progress(fraction: number): void;
}

export interface Recovered {
  readonly wal: Wal;
  readonly ids: TopicIds;
  readonly topicDeps: ShardTopicDeps;
}

export async function recover(deps: RecoverDeps): Promise<Recovered> {
  const { env, config, hooks, catalog, clock } = deps;
  const { lock, manifest } = deps.directory;
  const topicDeps = shardTopicDeps(deps, manifest.current.layouts.at(-1)!.shards);
  const replayer = new Replayer(topicDeps);
  const recovered = await recoverWal({
    env,
    directory: config.directory,
    manifest: manifest.current,
    latchNoted: lock.latchNoted,
    events: hooks.events,
    noteLatch: (shard) => lock.noteLatch(shard),
    visit: (shard, frame) => replayer.visit(shard, frame),
    observe: (stamp) => clock.observe(stamp),
    progress: (fraction) => deps.progress(fraction),
    topicName: (id) => replayer.topicName(id),
  });
  const powerLost = recovered.shards.map((shard) => shard.powerLost);
  const findings = replayer.conclude(catalog, powerLost, clock, hooks.events);
  const wal = await Wal.start(
    {
      env,
      directory: config.directory,
      config: config.wal,
      manifest,
      events: hooks.events,
      nextStamp: () => clock.nextStamp(),
      noteLatch: (shard) => lock.noteLatch(shard),
      crash: (error) => hooks.crash(error),
    },
    recovered,
    findings,
  );
  await lock.clearLatchNote();
  topicDeps.forEach((shard, number) => (shard.log = wal.shards[number]));
  const nowMs = clock.nowMs();
  for (const topic of catalog.all()) topic.afterRecovery(nowMs);
  const seen = replayer.greatestId + 1;
  const nextId = powerLost.includes(true) ? Math.max(seen, manifest.current.idCeiling) : seen;
  return { wal, ids: new TopicIds(manifest, nextId), topicDeps };
}

/** One for all topics of a shard; its log is there once the WAL has started. */
type LateTopicDeps = { -readonly [Key in keyof TopicDeps]: TopicDeps[Key] };

function shardTopicDeps({ env, clock, quota }: RecoverDeps, shards: number): LateTopicDeps[] {
  const blocks = new BlockPool();
  return Array.from({ length: shards }, () => ({
    log: notStarted,
    clock: {
      nowMs: () => clock.nowMs(),
      nextStamp: () => clock.nextStamp(),
      monotonicMs: () => env.clock.monotonicMs(),
    },
    timers: env.timers,
    blocks,
    quota,
    events: { headMoved: () => undefined },
  }));
}

const notStarted: CommitLog = {
  draft: refuse,
  submit: refuse,
  requestSync: refuse,
  place: refuse,
  admit: refuse,
};

function refuse(): never {
  throw new Error("nothing is logged during recovery");
}
