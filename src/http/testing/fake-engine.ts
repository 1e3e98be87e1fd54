/**
 * An engine in memory for the tests of the HTTP door: it keeps what it is given, word for word, and does no more than
 * the door can tell. Tests set its status, make it fail, or hold its answers back.
 */
import { TopicsError } from "../../base/errors.ts";
import { matches } from "../../base/predicate.ts";
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
  Following,
  TopicPage,
  TopicState,
} from "../../engine/api.ts";
import type { EngineFigures } from "../../engine/figures.ts";
import type { PutRouterResult, RouterPage, RouterQuery, RouterRequest, RouterState } from "../../router/router.ts";
import type { TopicConfig, TopicConfigPatch } from "../../topic/config.ts";
import { defaultConfig } from "../../topic/config.ts";
import type { ReadRequest, ReadResult, Tombstone } from "../../topic/read.ts";
import { FakeQueues } from "./fake-queues.ts";
import { nodeEnv } from "../../env/node-env.ts";
import { Pressure } from "../../watch/pressure.ts";
import { Watch } from "../../watch/watch.ts";
import type { FakeRecord } from "./fake-record.ts";
import { recordsOf, wireBytes } from "./fake-record.ts";

interface FakeTopic {
  config: TopicConfig;
  records: FakeRecord[];
  headSeq: number;
  plannedSeq: number;
}

export class FakeEngine implements Engine {
  readonly topics = new Map<string, FakeTopic>();
  readonly routers = new Map<string, RouterState>();
  readonly appends: AppendRequest[] = [];
  readonly reads: ReadRequest[] = [];
  readonly patches: TopicConfigPatch[] = [];
  current: EngineStatus = { state: "ready", topics: 0, readOnlyShards: [], shards: 1 };
  /** Thrown by the next call of any method. */
  failure: Error | undefined;
  /** What appends wait for before they do anything. */
  gate: Promise<void> = Promise.resolve();
  tombstone: Tombstone | undefined;
  released = 0;
  /** Over no topics at all. */
  readonly watch: Following = this.#watching();
  #waiters: (() => void)[] = [];
  #commit: Promise<void> | undefined;

  /** From now on appends have seqs and no effect, until the function that this returns is called. */
  holdCommits(): () => void {
    let release = (): void => undefined;
    this.#commit = new Promise((resolve) => {
      release = resolve;
    });
    return () => release();
  }

  readonly queues = new FakeQueues(() => this.#mayFail());

  status(): EngineStatus {
    return this.current;
  }

  figures(): EngineFigures {
    const topicsByClass = { ephemeral: 0, memory: 0, disk: 0, fsync: 0 };
    for (const { config } of this.topics.values()) topicsByClass[config.durability]++;
    return {
      topics: this.topics.size,
      topicsByClass,
      queueTopics: 0,
      leasesInFlight: 0,
      routers: 0,
      routerLag: 0,
      recordsLive: [...this.topics.values()].reduce((sum, { records }) => sum + records.length, 0),
      bytesLive: 0,
      tailBytes: 0,
      idempotencyKeys: 0,
      cache: { hits: 1, misses: 2, bytes: 3 },
      wal: { queueDepth: 4, queueDepthPeak: 5, submitFull: 6, readOnlyShards: 0 },
    };
  }

  async append(topic: string, request: AppendRequest): Promise<AppendResult> {
    this.#mayFail();
    await this.gate;
    const known = this.topics.get(topic);
    if (known === undefined && request.create === false) throw notFound(topic);
    if (known === undefined && request.config !== undefined && request.mayConfigure === false)
      throw new TopicsError("forbidden", "no config");
    const target = known ?? this.#create(topic, request.config ?? {});
    this.appends.push(request);
    const firstSeq = target.plannedSeq + 1;
    const lastSeq = (target.plannedSeq += request.batch.count);
    const records = recordsOf(request.batch, firstSeq);
    request.staged?.();
    if (this.#commit !== undefined) await this.#commit;
    target.records.push(...records);
    target.headSeq = lastSeq;
    for (const wake of this.#waiters.splice(0)) wake();
    return {
      firstSeq,
      lastSeq,
      headSeq: lastSeq,
      count: request.batch.count,
      created: known === undefined,
      deduped: false,
      walAppendMs: 0.25,
      fsyncMs: 0,
    };
  }

  async read(topic: string, request: ReadRequest): Promise<ReadResult> {
    this.#mayFail();
    this.reads.push(request);
    const target = this.#found(topic);
    if (request.waitMs > 0 && target.headSeq <= request.fromSeq) await this.#appended(request.signal);
    const ahead = target.records.filter((record) => record.seq > request.fromSeq);
    const taken = ahead.slice(0, request.limit);
    const nextFromSeq = taken.length < ahead.length ? taken[taken.length - 1].seq : target.headSeq;
    const slices = taken.length === 0 ? [] : [wireBytes(taken)];
    return {
      slices,
      count: taken.length,
      nextFromSeq,
      headSeq: target.headSeq,
      earliestSeq: target.records[0]?.seq ?? target.headSeq + 1,
      caughtUp: nextFromSeq === target.headSeq,
      tombstone: this.tombstone,
      recordsScanned: taken.length,
      release: () => void this.released++,
    };
  }

  async configureTopic(topic: string, patch: TopicConfigPatch, mode: "put" | "patch"): Promise<ConfigureResult> {
    this.#mayFail();
    this.patches.push(patch);
    const known = this.topics.get(topic);
    if (known === undefined && mode === "patch") throw notFound(topic);
    const target = known ?? this.#create(topic, {});
    target.config = { ...target.config, ...patch };
    return { created: known === undefined, config: target.config };
  }

  topicState(topic: string, touch: boolean): TopicState {
    this.#mayFail();
    return state(topic, this.#found(topic), touch);
  }

  listTopics(prefix: string, after: string | undefined, pageSize: number, touch: boolean): TopicPage {
    this.#mayFail();
    const names = [...this.topics.keys()].filter((name) => name.startsWith(prefix)).sort();
    const left = names.filter((name) => after === undefined || name > after);
    const page = left.slice(0, pageSize);
    return {
      topics: page.map((name) => state(name, this.#found(name), touch)),
      next: left.length > page.length ? page[page.length - 1] : undefined,
    };
  }

  async deleteTopic(topic: string, ifEmpty: boolean): Promise<DeleteTopicResult> {
    this.#mayFail();
    const target = this.topics.get(topic);
    if (ifEmpty && target !== undefined && target.records.length > 0) {
      throw new TopicsError("topic_not_empty", `${topic} is not empty`, { topic });
    }
    return { deleted: this.topics.delete(topic), routersRemoved: [] };
  }

  async deleteRecords(topic: string, request: DeleteRecordsRequest): Promise<DeleteRecordsResult> {
    this.#mayFail();
    const target = this.#found(topic);
    const { beforeSeq = Infinity, match } = request;
    const before = target.records.length;
    target.records = target.records.filter(
      (record) => record.seq >= beforeSeq || (match !== undefined && !matches(match, record.tag)),
    );
    return {
      deleted: before - target.records.length,
      earliestSeq: target.records[0]?.seq ?? target.headSeq + 1,
      headSeq: target.headSeq,
      count: target.records.length,
      bytes: bytesOf(target),
    };
  }

  caughtUp(): undefined {
    return undefined;
  }

  async putRouter(router: string, request: RouterRequest): Promise<PutRouterResult> {
    this.#mayFail();
    const created = !this.routers.has(router);
    const how = { forwardedTotal: 0, lag: 0, pausedBy: undefined, lastError: undefined };
    const state: RouterState = { router, ...request, ...how };
    this.routers.set(router, state);
    return { created, state };
  }

  routerState(router: string): RouterState {
    this.#mayFail();
    const state = this.routers.get(router);
    if (state === undefined) throw new TopicsError("router_not_found", "no such router", { router });
    return state;
  }

  listRouters({ prefix }: RouterQuery, after: string | undefined, pageSize: number): RouterPage {
    this.#mayFail();
    const names = [...this.routers.keys()].filter((name) => name.startsWith(prefix) && name > (after ?? "")).sort();
    const routers = names.slice(0, pageSize).map((name) => this.routers.get(name)!);
    return { routers, next: names.length > pageSize ? names[pageSize - 1] : undefined };
  }

  async deleteRouter(router: string): Promise<boolean> {
    this.#mayFail();
    return this.routers.delete(router);
  }

  async backup(name: string): Promise<BackupResult> {
    this.#mayFail();
    await this.gate;
    return { name, bytes: 4096, files: 3, topics: this.topics.size };
  }

  #create(topic: string, patch: TopicConfigPatch): FakeTopic {
    const made: FakeTopic = { config: { ...defaultConfig, ...patch }, records: [], headSeq: 0, plannedSeq: 0 };
    this.topics.set(topic, made);
    return made;
  }

  #found(topic: string): FakeTopic {
    const target = this.topics.get(topic);
    if (target === undefined) throw notFound(topic);
    return target;
  }

  #mayFail(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
  }

  #watching(): Following {
    const clock = { nowMs: () => 1000, monotonicMs: () => 1000 };
    const { timers } = nodeEnv();
    const watch = new Watch({
      ...nodeEnv(),
      pressure: new Pressure({ clock, timers, refuseAtMs: 0 }),
      clock,
      maxSessions: 0,
      topic: () => undefined,
      named: () => undefined,
      matching: () => [],
      crash: (error) => {
        throw error;
      },
    });
    return {
      open: (request) => (this.#mayFail(), watch.open(request)),
      session: (wid, owner) => (this.#mayFail(), watch.session(wid, owner)),
      stream: (wid, id, format, outbox) => watch.stream(wid, id, format, outbox),
      socket: (format, outbox) => watch.socket(format, outbox),
      counts: watch.counts,
    };
  }

  #appended(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  get waiting(): number {
    return this.#waiters.length;
  }
}

function bytesOf(target: FakeTopic): number {
  return target.records.reduce((sum, record) => sum + record.data.length + (record.meta?.length ?? 0), 0);
}

function state(topic: string, target: FakeTopic, touch: boolean): TopicState {
  return {
    topic,
    headSeq: target.headSeq,
    earliestSeq: target.records[0]?.seq ?? target.headSeq + 1,
    nextSeq: target.headSeq + 1,
    count: target.records.length,
    bytes: bytesOf(target),
    config: target.config,
    effectivePriority: 0,
    lastWriteTs: target.headSeq === 0 ? undefined : 1000,
    lastReadTs: touch ? 2000 : undefined,
  };
}

function notFound(topic: string): TopicsError {
  return new TopicsError("topic_not_found", `There is no topic ${topic}.`, { topic });
}
