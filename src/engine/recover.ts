/** From a locked directory to topics that take appends (spec 6.5): replay, findings, new files, and only then serve. */
import type { Env } from "../env/env.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { JobTable } from "../queue/job-table.ts";
import { damage } from "../storage/refusal.ts";
import { Reserve } from "../storage/reserve.ts";
import { DiskRoom } from "../storage/room.ts";
import { BlockPool } from "../topic/block-pool.ts";
import type { TopicDeps, TopicEvents } from "../topic/instance.ts";
import { PartReads } from "../topic/part-reads.ts";
import type { CommitLog } from "../wal/commit.ts";
import type { NewLayout } from "../wal/new-layout.ts";
import { recoverWal } from "../wal/recovery.ts";
import { shardNumber, Wal } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { EngineConfig } from "./config.ts";
import { openColdDirectory } from "./cold-tier.ts";
import type { OpenDirectory } from "./directory.ts";
import type { EngineClock } from "./engine-clock.ts";
import type { EngineHooks } from "./engine-hooks.ts";
import { GoneTopics } from "./gone-topics.ts";
import type { HeadSignals } from "./head-signals.ts";
import { findCheckpoints, type KeptCheckpoint } from "./kept-checkpoints.ts";
import { coverNewLayout } from "./layout-change.ts";
import type { SharedQuota } from "./quota.ts";
import type { RecoveryOptions } from "./recovery-options.ts";
import { Replayer } from "./replayer.ts";
import { findSegments, restoreTopics } from "./restored-topics.ts";
import { Sealer } from "./sealer.ts";
import { Segments } from "./segments.ts";
import { TopicIds } from "./topic-ids.ts";

export interface RecoverDeps {
  readonly env: Env;
  readonly config: EngineConfig;
  readonly hooks: EngineHooks;
  readonly directory: OpenDirectory;
  readonly catalog: Catalog;
  readonly clock: EngineClock;
  readonly quota: SharedQuota;
  readonly options: RecoveryOptions;
  readonly heads: HeadSignals;
  progress(fraction: number): void;
  /** What becomes of topics once they serve. */
  readonly heard: TopicNews;
}

export type TopicNews = Required<Pick<TopicEvents, "synced" | "created" | "gone">>;

export interface Recovered {
  readonly wal: Wal;
  readonly ids: TopicIds;
  readonly topicDeps: readonly LateTopicDeps[];
  readonly segments: Segments;
  readonly reads: PartReads;
  readonly sealer: Sealer;
  readonly gone: GoneTopics;
  readonly reserve: Reserve;
  readonly room: DiskRoom;
  /** Checkpoints that were found good, oldest first. */
  readonly kept: readonly KeptCheckpoint[];
  /** By shard, where its log is longer than a running server leaves it: the file that a checkpoint should let it begin with. */
  readonly shouldBeginAt: readonly (number | undefined)[];
}

export async function recover(deps: RecoverDeps): Promise<Recovered> {
  const { env, config, hooks, catalog, clock } = deps;
  const { lock, manifest } = deps.directory;
  const { directoryId, layouts } = manifest.current;
  const shards = layouts.at(-1)!.shards;
  const segments = new Segments({
    env,
    directory: config.directory,
    coldDirectory: config.storage.coldDirectory,
    directoryId,
    nextStamp: () => clock.nextStamp(),
  });
  const blocks = new BlockPool();
  const reads = new PartReads(segments.files, blocks, config.storage.cacheBytes);
  const wantedShards = config.shardsAsked ? config.shards : shards;
  const oldDeps = shardTopicDeps(deps, { shards, segments, blocks, reads });
  const replayer = new Replayer(oldDeps, deps.options.restoredTo);
  const found = await findCheckpoints(env, config.directory, manifest.current, hooks.events);
  const restoring = {
    env,
    directory: config.directory,
    coldDirectory: config.storage.coldDirectory,
    directoryId,
    hasColdTier: manifest.current.coldId !== undefined,
    segments,
    topicDeps: oldDeps,
    reads,
  };
  const { coldDirectory } = config.storage;
  if (coldDirectory !== undefined) await openColdDirectory(env, coldDirectory, manifest);
  const removeLeftovers = await findSegments(restoring, found);
  const whole = found.newest?.whole;
  if (found.newest !== undefined && whole !== undefined) {
    replayer.restoreGone(whole.gone, whole.nextTopicId, found.newest.kept.stamp);
    segments.startAt(whole.nextSegment);
    clock.observe(found.newest.kept.stamp);
    for await (const topic of restoreTopics(restoring, found)) replayer.restore(topic);
  }
  const running: { wal: Wal | undefined } = { wal: undefined };
  const reserve = await Reserve.open(env, config.directory);
  const room = new DiskRoom(env.clock, reserve, config.storage.reserveBytes);
  const sealer = new Sealer({
    env,
    config: config.storage,
    segments,
    quota: deps.quota,
    events: hooks.events,
    room,
    shards: wantedShards,
    topics: () => (running.wal === undefined ? replayer.all : catalog.all()),
    topic: (id) => (running.wal === undefined ? replayer.topic(id) : catalog.withId(id)),
    wal: () => running.wal,
    nowMs: () => clock.nowMs(),
  });
  for (const one of oldDeps) one.sealer = sealer;
  const breathe = (): Promise<void> | undefined => (sealer.overwhelmed ? sealer.relieve() : undefined);
  replayer.startAt(whole?.from);
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
    from: whole?.from,
    synced: whole?.synced,
    archiveDirectory: config.wal.archiveDirectory,
    witnesses: deps.options.witnesses,
    breathe,
  });
  await replayer.derive({ env, blocks, shards: recovered.shards, breathe }, () => {
    const problem = replayer.concludeReplay();
    if (problem !== undefined) throw damage(problem, { file: config.directory });
  });
  const powerLost = recovered.shards.map((shard) => shard.powerLost);
  const findings = replayer.conclude(catalog, powerLost, clock, hooks.events);
  await sealer.settled;
  await forgetDamaged(manifest, found.kept);
  await removeLeftovers();
  const gone = new GoneTopics();
  const seen = replayer.greatestId + 1;
  const nextId = powerLost.includes(true) ? Math.max(seen, manifest.current.idCeiling) : seen;
  const ids = new TopicIds(manifest, nextId);
  let { kept } = found;
  let topicDeps = oldDeps;
  let layout: NewLayout | undefined;
  if (wantedShards !== shards) {
    topicDeps = shardTopicDeps(deps, { shards: wantedShards, segments, blocks, reads });
    for (const one of topicDeps) one.sealer = sealer;
    for (const topic of catalog.all()) topic.moveTo(topicDeps[shardNumber(topic.id, wantedShards)]);
    for (const topic of catalog.all()) topic.afterRecovery(clock.nowMs());
    await sealer.sealAll();
    const covering = {
      env,
      directory: config.directory,
      config: config.storage,
      manifest,
      segments,
      room,
      events: hooks.events,
      topics: () => catalog.all(),
      topic: (id: number) => catalog.withId(id),
      seal: () => sealer.sealAll(),
      gone: () => [],
      nextTopicId: () => ids.next,
      nextStamp: () => clock.nextStamp(),
      nowMs: () => clock.nowMs(),
    };
    layout = {
      shards: wantedShards,
      switchTo: async (change, places) => {
        const covered = await coverNewLayout(covering, places, change);
        for (const old of kept) segments.letGo(old);
        kept = covered;
        hooks.events({ type: "shards-changed", from: shards, to: wantedShards });
      },
    };
  }
  const wal = await Wal.start(
    {
      env,
      directory: config.directory,
      config: config.wal,
      manifest,
      events: hooks.events,
      room,
      nextStamp: () => clock.nextStamp(),
      noteLatch: (shard) => lock.noteLatch(shard),
      crash: (error) => hooks.crash(error),
    },
    recovered,
    findings,
    layout,
  );
  await lock.clearLatchNote();
  running.wal = wal;
  topicDeps.forEach((shard, number) => (shard.log = wal.shards[number]));
  const nowMs = clock.nowMs();
  for (const topic of catalog.all()) topic.afterRecovery(nowMs);
  if (layout === undefined)
    for (const { id, op } of replayer.gone) {
      const shard = shardNumber(id, shards);
      gone.add({ id, op, shard, before: wal.shards[shard].place() });
    }
  const shouldBeginAt = layout === undefined ? recovered.shards.map(({ files }) => lastOfMany(files)) : [];
  return { wal, ids, topicDeps, segments, reads, sealer, gone, reserve, room, kept, shouldBeginAt };
}

/** What only a damaged checkpoint names goes: nobody may take that one for a good one later. */
async function forgetDamaged(manifest: ManifestStore, kept: readonly KeptCheckpoint[]): Promise<void> {
  if (kept.length === manifest.current.checkpoints.length) return;
  await manifest.update((current) => ({ ...current, checkpoints: kept.map(({ number }) => number) }));
}

/** A start that finds more than two files in a shard ends with a checkpoint (6.5). */
function lastOfMany(files: readonly { readonly header: { readonly index: number } }[]): number | undefined {
  return files.length > 2 ? files.at(-1)!.header.index : undefined;
}

/** One for all topics of a shard; its log is there once the WAL has started. */
type LateTopicDeps = { -readonly [Key in keyof TopicDeps]: TopicDeps[Key] } & { sealer: Sealer | undefined };

interface Storage {
  readonly shards: number;
  readonly segments: Segments;
  readonly blocks: BlockPool;
  readonly reads: PartReads;
}

function shardTopicDeps(
  { env, config, hooks, clock, quota, heads, heard }: RecoverDeps,
  storage: Storage,
): LateTopicDeps[] {
  const { shards, segments, blocks, reads } = storage;
  return Array.from({ length: shards }, () => {
    const deps: LateTopicDeps = {
      log: notStarted,
      clock: {
        nowMs: () => clock.nowMs(),
        nextStamp: () => clock.nextStamp(),
        monotonicMs: () => env.clock.monotonicMs(),
      },
      timers: env.timers,
      blocks,
      parts: reads,
      blockBytes: sealedBlockBytes,
      sealAt: { records: config.storage.segmentMaxRecords, bytes: config.storage.segmentMaxBytes },
      quota,
      events: {
        headMoved: (topic, headSeq) => heads.moved(topic, headSeq),
        ...heard,
        released: ({ entry }) => segments.release(entry),
        sealDue: (topic) => deps.sealer?.due(topic),
        damaged: (topicId, { file, at, bytes, errno }) =>
          hooks.events({ type: "segment-damaged", topicId, file, at, bytes, errno }),
      },
      jobs: () => new JobTable(deps.clock),
      rescue: () => Promise.resolve(false),
      sealer: undefined,
    };
    return deps;
  });
}

/**
 * A block is what one read of a few records costs, and what one hash covers. With its strings it still fits into 128 KiB of
 * memory most of the time.
 */
const sealedBlockBytes = 120 << 10;

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
