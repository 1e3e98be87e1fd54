/**
 * All topics of a directory (spec 2, 6.5, 7.5). The facade: each verb is a few lines that find the topic and hand over.
 *
 * States: `recovering` → `ready` → `stopping`.
 */
import { TopicsError } from "../base/errors.ts";
import { defaultMaxWatchSessions } from "../base/limits.ts";
import { isRouterName, isTopicName } from "../base/names.ts";
import { measureBatch } from "../base/record.ts";
import type { Env } from "../env/env.ts";
import { defaultConfig, type TopicConfig, type TopicConfigPatch } from "../topic/config.ts";
import { overTotal, tooLargeAlone } from "../topic/plan.ts";
import type { PartReads } from "../topic/part-reads.ts";
import type { PutRouterResult, RouterPage, RouterQuery, RouterRequest, RouterState } from "../router/router.ts";
import type { Routers } from "../router/routers.ts";
import type { ReadRequest, ReadResult } from "../topic/read.ts";
import type { Topic } from "../topic/topic.ts";
import type { Wal } from "../wal/wal.ts";
import type {
  AppendRequest,
  AppendResult,
  BackupResult,
  ConfigureResult,
  DeleteRecordsRequest,
  DeleteRecordsResult,
  DeleteTopicResult,
  Engine,
  EngineStatus,
  TopicPage,
  TopicState,
} from "./api.ts";
import { Catalog } from "./catalog.ts";
import type { EngineConfig } from "./config.ts";
import { type CreatorDeps, topicNamed } from "./creator.ts";
import { openDirectory, type OpenDirectory, refusing } from "./directory.ts";
import { EngineClock } from "./engine-clock.ts";
import { type EngineFigures, topicCounts, walFigures } from "./figures.ts";
import type { EngineHooks } from "./engine-hooks.ts";
import { HeadSignals } from "./head-signals.ts";
import { Housekeeper } from "./housekeeper.ts";
import { Queues } from "./queues.ts";
import { effectivePriority } from "../watch/priority.ts";
import { Pressure } from "../watch/pressure.ts";
import { Watch } from "../watch/watch.ts";
import { recover, type Recovered } from "./recover.ts";
import type { RecoveryOptions } from "./recovery-options.ts";
import { Routing } from "./routing.ts";
import { Storage } from "./storage.ts";
import { SharedQuota } from "./quota.ts";

const matchingPage = 1000;
/** How long a write waits, or is asked to wait, before it looks whether the pressure is gone. */
const reliefMs = 1000;

export interface RunningEngine extends Engine {
  /** From the lock to ready. Rejects with a `StartRefusal`. */
  recover(): Promise<void>;
  refuseNewWork(): void;
  /** A clean stop; `false` when it could not be had within the budget. Nothing acked is lost either way. */
  close(drainMs: number): Promise<boolean>;
}

/** Takes the directory's lock and reads its manifest; `recover` does the rest. */
export async function openEngine(
  env: Env,
  config: EngineConfig,
  hooks: EngineHooks,
  options: RecoveryOptions = {},
): Promise<RunningEngine> {
  const directory = await refusing(config.directory, () => openDirectory(env, config.directory, config.shards));
  return new TopicsEngine(env, config, hooks, directory, options);
}

class TopicsEngine implements RunningEngine {
  readonly #env: Env;
  readonly #config: EngineConfig;
  readonly #hooks: EngineHooks;
  readonly #directory: OpenDirectory;
  readonly #options: RecoveryOptions;
  readonly #catalog = new Catalog();
  readonly #clock: EngineClock;
  readonly #quota: SharedQuota;
  readonly #heads = new HeadSignals();
  readonly queues: Queues;
  readonly #pressure: Pressure;
  readonly watch: Watch;
  #status: EngineStatus = { state: "recovering", replayProgress: 0 };
  #wal: Wal | undefined;
  #reads: PartReads | undefined;
  #creator: CreatorDeps | undefined;
  #housekeeper: Housekeeper | undefined;
  #storage: Storage | undefined;
  #routing: Routing | undefined;

  constructor(env: Env, config: EngineConfig, hooks: EngineHooks, directory: OpenDirectory, options: RecoveryOptions) {
    this.#env = env;
    this.#config = config;
    this.#hooks = hooks;
    this.#directory = directory;
    this.#options = options;
    this.#clock = new EngineClock(env.clock, (byMs) => hooks.events({ type: "clock-jumped", byMs }));
    this.#quota = new SharedQuota(config.maxIdempotencyKeys, config.maxTotalBytes);
    this.queues = new Queues({
      env,
      clock: { nowMs: () => this.#clock.nowMs(), monotonicMs: () => env.clock.monotonicMs() },
      events: hooks.events,
      live: (name) => this.#live(name),
      caughtUp: (topicId) => this.#routers?.catchUp(topicId),
      roomMade: (topicId) => this.#routers?.roomMade(topicId),
      find: (name) => {
        const topic = this.#catalog.named(name);
        return topic?.isLive === true ? topic : undefined;
      },
      made: async (name, topicConfig) => {
        const { topic, created } = await topicNamed(this.#creator!, name, topicConfig, 1);
        await created;
        return topic;
      },
      crash: (error) => hooks.crash(error),
    });
    this.#heads.listen((topicId) => this.queues.wake(topicId));
    this.#heads.listen((topicId) => this.watch.fanOut.moved(topicId));
    this.#pressure = new Pressure({ clock: env.clock, timers: env.timers, refuseAtMs: config.pressureDelayMs ?? 0 });
    this.watch = new Watch({
      pressure: this.#pressure,
      clock: { nowMs: () => this.#clock.nowMs(), monotonicMs: () => env.clock.monotonicMs() },
      timers: env.timers,
      random: env.random,
      maxSessions: config.maxWatchSessions ?? defaultMaxWatchSessions,
      topic: (id) => this.#catalog.withId(id),
      named: (name) => this.#liveOrNone(name),
      matching: (prefix) => this.#matching(prefix),
      crash: (error) => hooks.crash(error),
    });
  }

  async recover(): Promise<void> {
    const started = this.#env.clock.monotonicMs();
    const recovered = await refusing(this.#config.directory, () =>
      recover({
        env: this.#env,
        config: this.#config,
        hooks: this.#hooks,
        directory: this.#directory,
        catalog: this.#catalog,
        clock: this.#clock,
        quota: this.#quota,
        options: this.#options,
        heads: this.#heads,
        heard: {
          synced: (id) => this.watch.fanOut.synced(id),
          created: (id) => this.watch.fanOut.created(id),
          gone: (id) => this.watch.fanOut.gone(id),
        },
        progress: (fraction) => (this.#status = { state: "recovering", replayProgress: fraction }),
      }),
    );
    const { wal, ids, topicDeps } = recovered;
    this.#wal = wal;
    this.#reads = recovered.reads;
    this.#storage = await refusing(this.#config.directory, () => this.#startStorage(recovered));
    this.#creator = { catalog: this.#catalog, ids, wal, topicDeps, maxTopics: this.#config.maxTopics };
    this.#routing = new Routing({
      env: this.#env,
      config: this.#config.routers,
      wal,
      catalog: this.#catalog,
      clock: this.#clock,
      creator: this.#creator,
      topicNamed: (name) => this.#known(name),
      room: () => this.#storage?.roomForCopies(),
      crash: (error) => this.#hooks.crash(error),
    });
    this.#heads.listen((topicId) => this.#routers?.headMoved(topicId));
    this.#housekeeper = new Housekeeper(
      this.#env.timers,
      this.#clock,
      wal,
      () => this.#catalog.all(),
      () => this.#storage?.tend(),
    );
    await refusing(this.#config.directory, () => this.queues.finishMoves(() => this.#catalog.all()));
    this.#pressure.start();
    this.#status = { state: "ready", topics: 0, readOnlyShards: [], shards: wal.shards.length };
    this.#hooks.events({
      type: "recovered",
      topics: this.#catalog.size,
      records: this.#quota.records,
      ms: Math.round(this.#env.clock.monotonicMs() - started),
    });
  }

  status(): EngineStatus {
    if (this.#status.state !== "ready") return this.#status;
    const { shards, latched } = this.#wal!;
    return { state: "ready", topics: this.#catalog.size, readOnlyShards: latched, shards: shards.length };
  }

  figures(): EngineFigures {
    const { hits = 0, misses = 0, bytes = 0 } = this.#reads?.cache ?? {};
    return {
      ...topicCounts(this.#catalog.all()),
      leasesInFlight: this.queues.leasesInFlight,
      routers: this.#routers?.size ?? 0,
      routerLag: this.#routers?.lag ?? 0,
      recordsLive: this.#quota.records,
      bytesLive: this.#quota.bytes,
      tailBytes: this.#quota.heldBytes,
      idempotencyKeys: this.#quota.keys,
      cache: { hits, misses, bytes },
      wal: walFigures(this.#wal),
    };
  }

  refuseNewWork(): void {
    this.#status = { state: "stopping" };
    this.queues.stop(new TopicsError("shutting_down", "the server is stopping"));
  }

  async close(drainMs: number): Promise<boolean> {
    this.refuseNewWork();
    this.watch.stop();
    this.#pressure.stop();
    this.#housekeeper?.stop();
    const drained = this.#wal ? await this.#drain(this.#wal, drainMs) : true;
    await this.#directory.lock.release();
    this.#hooks.events({ type: "stopped" });
    return drained;
  }

  async append(name: string, request: AppendRequest): Promise<AppendResult> {
    const existing = this.#known(name);
    if (this.#pressure.level === "refuse") await this.#relief(request.disableBackpressure);
    // Calls of one tick are staged in their order: nobody waits who need not.
    const room = this.#storage?.room();
    if (room !== undefined) await room;
    if (existing) return { ...(await existing.append(request)), created: false };
    const { topic, created } = await this.#createFor(name, request);
    // Both are staged in one go; the answer to the records comes behind the creation's.
    const [result] = await Promise.all([topic.append(request), created]);
    return { ...result, created: created !== undefined };
  }

  async read(name: string, request: ReadRequest): Promise<ReadResult> {
    const behind = this.caughtUp(name);
    if (behind !== undefined) await behind;
    return this.#live(name).read(request);
  }

  async configureTopic(name: string, patch: TopicConfigPatch, mode: "put" | "patch"): Promise<ConfigureResult> {
    this.#ready();
    checkName(name);
    const known = this.#known(name);
    if (known) return this.#reconfigure(known, patch, mode);
    if (mode === "patch") throw notFound(name);
    const { topic, created } = await topicNamed(this.#creator!, name, { ...defaultConfig, ...patch }, 0);
    if (created === undefined) return this.#reconfigure(topic, patch, mode);
    await created;
    return { created: true, config: topic.config };
  }

  caughtUp(name: string): Promise<void> | undefined {
    return this.#routers?.catchUp(this.#live(name).id);
  }

  topicState(name: string, touch: boolean): TopicState {
    const topic = this.#live(name);
    if (touch) topic.touch();
    return { ...this.#stateOf(topic), queue: this.queues.countsOf(topic) };
  }

  listTopics(prefix: string, after: string | undefined, pageSize: number, touch: boolean): TopicPage {
    this.#ready();
    const topics: TopicState[] = [];
    let last = after;
    for (;;) {
      const names = this.#catalog.page(prefix, last, pageSize + 1 - topics.length);
      if (names.length === 0) return { topics, next: undefined };
      for (const name of names) {
        // The one too many says that there is more.
        if (topics.length === pageSize) return { topics, next: last };
        last = name;
        const topic = this.#known(name);
        if (!topic?.isLive) continue;
        if (touch) topic.touch();
        topics.push(this.#stateOf(topic));
      }
    }
  }

  async deleteTopic(name: string, ifEmpty: boolean): Promise<DeleteTopicResult> {
    this.#ready();
    checkName(name);
    const topic = this.#known(name);
    if (!topic) return { deleted: false, routersRemoved: [] };
    const { count } = topic.summary();
    if (ifEmpty && count > 0)
      throw new TopicsError("topic_not_empty", `topic ${name} has ${count} records`, { topic: name, count });
    const drop = (): Promise<boolean> => topic.deleteTopic();
    const { deleted, routers } = this.#routers!.touches(topic)
      ? await this.#routers!.deleteTopic(topic, drop)
      : { deleted: await drop(), routers: [] };
    this.#known(name);
    return { deleted, routersRemoved: routers };
  }

  async deleteRecords(name: string, request: DeleteRecordsRequest): Promise<DeleteRecordsResult> {
    const behind = this.caughtUp(name);
    if (behind !== undefined) await behind;
    const topic = this.#live(name);
    const result = await topic.deleteRecords(request);
    this.#routers!.roomMade(topic.id);
    return result;
  }

  async putRouter(name: string, request: RouterRequest): Promise<PutRouterResult> {
    this.#ready();
    checkRouter(name, request);
    return this.#routers!.put(name, request);
  }

  routerState(name: string): RouterState {
    this.#ready();
    return this.#routers!.get(name);
  }

  listRouters(query: RouterQuery, after: string | undefined, pageSize: number): RouterPage {
    this.#ready();
    return this.#routers!.list(query, after, pageSize);
  }

  async deleteRouter(name: string): Promise<boolean> {
    this.#ready();
    return this.#routers!.remove(name);
  }

  async backup(name: string): Promise<BackupResult> {
    this.#ready();
    await this.#routers!.anchorAll();
    return this.#storage!.backup(name);
  }

  // --- finding and making topics ---------------------------------------------------------------------------------

  get #routers(): Routers | undefined {
    return this.#routing?.routers;
  }

  #ready(): void {
    if (this.#status.state === "ready") return;
    if (this.#status.state === "stopping") throw new TopicsError("shutting_down", "the server is stopping");
    throw new TopicsError("not_ready", "the log is being replayed", { replay_progress: this.#status.replayProgress });
  }

  /** The topic by that name, whether or not its creation is synced yet. */
  #known(name: string): Topic | undefined {
    this.#ready();
    const topic = this.#catalog.named(name);
    if (!topic?.isGone) return topic;
    this.#catalog.remove(topic);
    this.#storage?.topicGone(topic);
    this.queues.gone(topic);
    return undefined;
  }

  /** A topic that may be spoken of. */
  #live(name: string): Topic {
    const topic = this.#known(name);
    if (!topic?.isLive) throw notFound(name);
    return topic;
  }

  /** Who is trusted waits; anybody else is asked to come back. */
  async #relief(isTrusted: boolean): Promise<void> {
    if (!isTrusted)
      throw new TopicsError("throttled", "the server comes late to everything just now; try again in a moment", {
        retry_after_ms: reliefMs,
        event_loop_delay_ms: Math.round(this.#pressure.delayMs),
      });
    while (this.#pressure.level === "refuse" && this.#status.state === "ready")
      await new Promise<void>((resolve) => this.#env.timers.after(reliefMs, resolve));
  }

  #liveOrNone(name: string): Topic | undefined {
    const topic = this.#known(name);
    return topic?.isLive === true ? topic : undefined;
  }

  *#matching(prefix: string): Generator<Topic> {
    for (let after: string | undefined; ;) {
      const names = this.#catalog.page(prefix, after, matchingPage);
      for (const name of names) {
        const topic = this.#liveOrNone(name);
        if (topic !== undefined) yield topic;
      }
      if (names.length < matchingPage) return;
      after = names.at(-1);
    }
  }

  async #createFor(name: string, request: AppendRequest): ReturnType<typeof topicNamed> {
    checkName(name);
    const config: TopicConfig = { ...defaultConfig, ...request.config };
    if (!(request.create ?? config.autoCreate)) throw notFound(name);
    if (request.config !== undefined && request.mayConfigure === false) throw mayNotConfigure();
    // What the new topic would refuse must not leave one behind.
    const { payloadBytes } = measureBatch(request.batch, 1, 1);
    const refusal =
      tooLargeAlone(name, config, request.batch.count, payloadBytes) ?? overTotal(this.#quota, payloadBytes);
    if (refusal) throw refusal;
    if (request.idempotencyKey !== undefined && !this.#quota.keysLeft)
      throw new TopicsError("throttled", "too many idempotency keys are remembered", {
        limit: "max_idempotency_keys",
        max: this.#quota.maxKeys,
      });
    return topicNamed(this.#creator!, name, config, request.batch.count);
  }

  async #reconfigure(topic: Topic, patch: TopicConfigPatch, mode: "put" | "patch"): Promise<ConfigureResult> {
    const { type } = topic.config;
    if (patch.type !== undefined && patch.type !== type)
      throw new TopicsError("topic_exists_incompatible", `topic ${topic.name} is a ${type}, and stays one`, {
        topic: topic.name,
        existing_type: type,
        requested_type: patch.type,
      });
    await topic.configure(mode === "put" ? { ...defaultConfig, ...patch, type } : { ...topic.config, ...patch });
    this.#routers!.roomMade(topic.id);
    return { created: false, config: topic.config };
  }

  #stateOf(topic: Topic): TopicState {
    const summary = topic.summary();
    const { lastReadTs } = summary;
    const idleMs = lastReadTs === undefined ? undefined : Math.max(0, this.#clock.nowMs() - lastReadTs);
    return {
      ...summary,
      topic: topic.name,
      config: topic.config,
      effectivePriority: effectivePriority(topic.config, idleMs),
    };
  }

  async #drain(wal: Wal, drainMs: number): Promise<boolean> {
    let expired: () => void = () => undefined;
    const budget = new Promise<boolean>((resolve) => (expired = () => resolve(false)));
    const timer = this.#env.timers.after(drainMs, () => expired());
    const stopped = this.#closeWal(wal).then(
      () => true,
      () => false,
    );
    const drained = await Promise.race([stopped, budget]);
    this.#env.timers.clear(timer);
    if (!drained) wal.abort();
    return drained;
  }

  #startStorage(recovered: Recovered): Promise<Storage> {
    return Storage.start(
      {
        env: this.#env,
        directory: this.#config.directory,
        archiveDirectory: this.#config.wal.archiveDirectory,
        config: this.#config.storage,
        manifest: this.#directory.manifest,
        catalog: this.#catalog,
        clock: this.#clock,
        events: this.#hooks.events,
        crash: (error) => this.#hooks.crash(error),
      },
      recovered,
    );
  }

  async #closeWal(wal: Wal): Promise<void> {
    const unanchored = (await this.#routing?.stop()) ?? new Set();
    await this.#storage?.stop();
    const lowered: Promise<void>[] = [];
    for (const topic of this.#catalog.all()) {
      const done = topic.lowerCeiling();
      if (done) lowered.push(done);
    }
    // Where a shard is read-only its topics keep their ceilings, and get a hole at the next start.
    await Promise.allSettled(lowered);
    await this.#storage?.lastCheckpoint();
    await wal.close(() => this.#clock.nextStamp(), unanchored);
    await this.#storage?.close();
    // The lock is given up next: whoever takes it must find nobody at work here.
    await this.#directory.manifest.settled();
  }
}

function notFound(name: string): TopicsError {
  return new TopicsError("topic_not_found", `there is no topic ${name}`, { topic: name });
}

function mayNotConfigure(): TopicsError {
  const message = "A topic is made with a config of its own by a key with the scope admin only; leave config out.";
  return new TopicsError("forbidden", message, { scope: "admin" });
}

function checkName(name: string): void {
  if (!isTopicName(name)) throw new TopicsError("invalid_request", "not a topic name", { field: "topic" });
}

function checkRouter(name: string, { source, dest }: RouterRequest): void {
  if (!isRouterName(name)) throw new TopicsError("invalid_request", "not a router name", { field: "router" });
  for (const [field, topic] of [
    ["source", source],
    ["dest", dest],
  ])
    if (!isTopicName(topic)) throw new TopicsError("invalid_request", "not a topic name", { field });
  if (source === dest)
    throw new TopicsError("invalid_request", "source and dest are two different topics", { field: "dest" });
}
