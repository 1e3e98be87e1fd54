/**
 * The engine as HTTP and embedders see it: one method per verb of the API, plain values and byte buffers only, so that
 * it can stand behind a thread or a process boundary later (docs/ARCHITECTURE.md). Every method throws or rejects with a
 * `TopicsError` for a caller's error. Names are validated by the caller's door and again here.
 */
import type { Predicate } from "../base/predicate.ts";
import type { RecordBatch } from "../base/record-batch.ts";
import type { TopicConfig, TopicConfigPatch } from "../topic/config.ts";
import type { EngineFigures } from "./figures.ts";
import type { PutRouterResult, RouterPage, RouterQuery, RouterRequest, RouterState } from "../router/router.ts";
import type { ReadRequest, ReadResult } from "../topic/read.ts";
import type { QueueCounts, QueueVerbs } from "./queue-api.ts";
import type { Watch } from "../watch/watch.ts";

export interface AppendRequest {
  readonly batch: RecordBatch;
  readonly idempotencyKey: string | undefined;
  /** `undefined`: as the topic's `auto_create` would have it (2.6). */
  readonly create: boolean | undefined;
  readonly config: TopicConfigPatch | undefined;
  /** False: a `config` that would count is refused (7.2). */
  readonly mayConfigure?: boolean;
  readonly disableBackpressure: boolean;
  /** Called when the records have their seqs: no append asked for later comes before them. */
  readonly staged?: () => void;
}

export interface AppendResult {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly headSeq: number;
  readonly count: number;
  readonly created: boolean;
  readonly deduped: boolean;
  /** From hand-over to the kernel's word, and to the device's (0 unless fsync-gated). */
  readonly walAppendMs: number;
  readonly fsyncMs: number;
}

export interface ConfigureResult {
  readonly created: boolean;
  readonly config: TopicConfig;
}

export interface TopicState {
  readonly topic: string;
  readonly headSeq: number;
  readonly earliestSeq: number;
  readonly nextSeq: number;
  readonly count: number;
  readonly bytes: number;
  readonly config: TopicConfig;
  readonly effectivePriority: number;
  readonly lastWriteTs: number | undefined;
  readonly lastReadTs: number | undefined;
  /** Of a queue; not in lists. */
  readonly queue?: QueueCounts | undefined;
}

export interface TopicPage {
  readonly topics: readonly TopicState[];
  /** The last name of this page when there is more behind it. */
  readonly next: string | undefined;
}

export interface DeleteTopicResult {
  readonly deleted: boolean;
  readonly routersRemoved: readonly string[];
}

export interface DeleteRecordsRequest {
  readonly beforeSeq: number | undefined;
  readonly match: Predicate | undefined;
}

export interface DeleteRecordsResult {
  readonly deleted: number;
  readonly earliestSeq: number;
  readonly headSeq: number;
  readonly count: number;
  readonly bytes: number;
}

export interface BackupResult {
  readonly name: string;
  /** Lengths of its files. */
  readonly bytes: number;
  readonly files: number;
  readonly topics: number;
}

/** What `GET /v0/ready` and `/v0/metrics` need to know; cheap to make. */
export type EngineStatus =
  | { readonly state: "recovering"; readonly replayProgress: number }
  | {
      readonly state: "ready";
      readonly topics: number;
      readonly readOnlyShards: readonly number[];
      readonly shards: number;
    }
  | { readonly state: "stopping" };

/** Sessions, their streams, and sockets (4). */
export type Following = Pick<Watch, "open" | "session" | "stream" | "socket" | "counts">;

export interface Engine {
  readonly watch: Following;
  status(): EngineStatus;
  figures(): EngineFigures;
  append(topic: string, request: AppendRequest): Promise<AppendResult>;
  read(topic: string, request: ReadRequest): Promise<ReadResult>;
  configureTopic(topic: string, patch: TopicConfigPatch, mode: "put" | "patch"): Promise<ConfigureResult>;
  /**
   * What to wait for, at most 100 ms, before a topic is looked at: a router's destination then has what its source had at the
   * call (3.2). `undefined`: nothing. `read` and `deleteRecords` see to it themselves.
   */
  caughtUp(topic: string): Promise<void> | undefined;
  topicState(topic: string, touch: boolean): TopicState;
  listTopics(prefix: string, after: string | undefined, pageSize: number, touch: boolean): TopicPage;
  deleteTopic(topic: string, ifEmpty: boolean): Promise<DeleteTopicResult>;
  deleteRecords(topic: string, request: DeleteRecordsRequest): Promise<DeleteRecordsResult>;
  putRouter(router: string, request: RouterRequest): Promise<PutRouterResult>;
  routerState(router: string): RouterState;
  listRouters(query: RouterQuery, after: string | undefined, pageSize: number): RouterPage;
  /** `false` when there was none by that name. */
  deleteRouter(router: string): Promise<boolean>;
  backup(name: string): Promise<BackupResult>;
  readonly queues: QueueVerbs;
}
