/**
 * The WAL alone on a simulated disk, one run of a process after another: what was submitted and what became of it, and
 * what the next run finds, with places.
 */
import type { TopicsError } from "../src/base/errors.ts";
import { type Manifest, ManifestStore } from "../src/storage/manifest.ts";
import { type Commit, type CommitStage, type Draft, frameKind, type LogPlace } from "../src/wal/commit.ts";
import { defaultWalConfig, type WalConfig } from "../src/wal/config.ts";
import type { WalEvent } from "../src/wal/events.ts";
import { recoverWal, type RecoveredWal, type RecoveryDeps } from "../src/wal/recovery.ts";
import type { Shard } from "../src/wal/shard.ts";
import { Wal } from "../src/wal/wal.ts";
import type { SimulatedDisk } from "../sim/disk/disk.ts";
import type { Scheduler } from "../sim/scheduler.ts";
import { SimEnv } from "../sim/sim-env.ts";

export const walDirectory = "/data";

export const smallFiles: WalConfig = { ...defaultWalConfig, fileBytes: 64 << 10 };

/** A commit that remembers what it was told. */
export class LoggedCommit implements Commit {
  readonly draft: Draft;
  readonly wants: CommitStage;
  readonly reserve = false;
  readonly op: number;
  /** Taken just before it was submitted. */
  readonly place: LogPlace;
  acked: boolean;
  isSynced = false;
  isRefused = false;

  constructor(draft: Draft, wants: CommitStage, place: LogPlace) {
    this.draft = draft;
    this.wants = wants;
    this.op = draft.fields.op;
    this.place = place;
    this.acked = wants === "handed";
  }

  written(): void {
    if (this.wants === "written") this.acked = true;
  }

  synced(): void {
    this.acked = true;
    this.isSynced = true;
  }

  failed(error: TopicsError): void {
    // Where the outcome is unknown it may be found again.
    this.isRefused = error.detail?.["outcome"] === undefined;
  }
}

export interface FoundFrame extends LogPlace {
  readonly shard: number;
  readonly kind: number;
  readonly op: number;
}

export interface RunOptions {
  readonly disk: SimulatedDisk;
  readonly scheduler: Scheduler;
  readonly shards?: number;
  readonly config?: WalConfig;
  readonly recovery?: Partial<RecoveryDeps>;
  /** The number of shards from this run on; the manifest that begins them is the only one. */
  readonly newShards?: number;
}

/** One process with the WAL of a directory. */
export class WalRun {
  readonly events: WalEvent[] = [];
  /** What it found, in the order of the log. */
  readonly frames: FoundFrame[] = [];
  readonly scheduler: Scheduler;
  readonly env: SimEnv;
  readonly manifest: ManifestStore;
  readonly latchNotes: number[] = [];
  switchedTo: readonly LogPlace[] | undefined;
  readonly #options: RunOptions;
  #recovered: RecoveredWal | undefined;
  #wal: Wal | undefined;
  #stamp: number;

  private constructor(options: RunOptions, env: SimEnv, manifest: ManifestStore) {
    this.#options = options;
    this.scheduler = options.scheduler;
    this.env = env;
    this.manifest = manifest;
    this.#stamp = (manifest.current.generation + 1) * 1_000_000;
  }

  /** With the manifest read, or made, and nothing recovered. */
  static async open(options: RunOptions): Promise<WalRun> {
    const { disk, scheduler, shards = 1 } = options;
    const env = new SimEnv({ disk, scheduler, seed: 1 });
    const manifest =
      (await ManifestStore.open(env.fs, walDirectory)) ??
      (await ManifestStore.create(env.fs, walDirectory, {
        directoryId: "00112233445566778899aabbccddeeff",
        layouts: [{ shards, files: Array.from({ length: shards }, () => []) }],
        nextIndex: 1,
        idCeiling: 1,
        generation: 0,
        checkpoints: [],
        nextCheckpoint: 1,
      }));
    return new WalRun(options, env, manifest);
  }

  /** Recovered, and ready to be written to. */
  static start(options: RunOptions): Promise<WalRun> {
    const run = async (): Promise<WalRun> => {
      const opened = await WalRun.open(options);
      await opened.recover();
      await opened.begin();
      return opened;
    };
    return options.scheduler.settle(run());
  }

  get wal(): Wal {
    if (!this.#wal) throw new Error("not begun");
    return this.#wal;
  }

  get recovered(): RecoveredWal {
    if (!this.#recovered) throw new Error("not recovered");
    return this.#recovered;
  }

  get shard(): Shard {
    return this.wal.shards[0];
  }

  nextStamp(): number {
    return this.#stamp++;
  }

  async recover(): Promise<RecoveredWal> {
    this.#recovered = await recoverWal({
      env: this.env,
      directory: walDirectory,
      manifest: this.manifest.current,
      latchNoted: false,
      events: (event) => this.events.push(event),
      noteLatch: (shard) => this.#noteLatch(shard),
      visit: (shard, { fields, fileIndex, offset }) => {
        this.frames.push({ shard, kind: fields.kind, op: fields.op, index: fileIndex, position: offset });
        return undefined;
      },
      observe: () => undefined,
      progress: () => undefined,
      topicName: () => undefined,
      ...this.#options.recovery,
    });
    return this.#recovered;
  }

  async begin(): Promise<void> {
    const { newShards } = this.#options;
    const layout = {
      shards: newShards ?? 0,
      switchTo: (change: (manifest: Manifest) => Manifest, places: readonly LogPlace[]) => {
        this.switchedTo = places;
        return this.manifest.update(change);
      },
    };
    this.#wal = await Wal.start(
      {
        env: this.env,
        directory: walDirectory,
        config: this.#options.config ?? smallFiles,
        manifest: this.manifest,
        events: (event) => this.events.push(event),
        nextStamp: () => this.nextStamp(),
        noteLatch: (shard) => this.#noteLatch(shard),
        crash: (error) => {
          throw error;
        },
      },
      this.recovered,
      [],
      newShards === undefined ? undefined : layout,
    );
  }

  /** Hands a frame over, whether or not there is room. */
  submit(shard: Shard, op: number, bytes: number, wants: CommitStage): LoggedCommit {
    const fields = {
      kind: frameKind.records,
      topicId: 1,
      epoch: 1,
      op,
      stamp: this.nextStamp(),
      firstSeq: op,
      count: 1,
      ceiling: op,
    };
    const draft = shard.draft(fields, bytes);
    draft.payload.fill(1 + (op % 255));
    const commit = new LoggedCommit(draft, wants, shard.place());
    shard.submit(commit);
    return commit;
  }

  /** Waits for room first; `undefined` when there is none to be had. */
  async append(shard: Shard, op: number, bytes: number, wants: CommitStage): Promise<LoggedCommit | undefined> {
    try {
      const room = { reserve: false, patient: true };
      for (let wait = shard.admit(bytes, room); wait; wait = shard.admit(bytes, room)) await wait;
    } catch {
      return undefined;
    }
    return this.submit(shard, op, bytes, wants);
  }

  #noteLatch(shard: number): Promise<void> {
    this.latchNotes.push(shard);
    return Promise.resolve();
  }
}
