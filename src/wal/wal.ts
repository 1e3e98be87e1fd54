/**
 * The write-ahead log of a directory (spec 6.2): its shards, and how a start begins a new file on each of them (6.5).
 */
import { assert } from "../base/assert.ts";
import type { Env } from "../env/env.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import { plenty, type Room } from "../storage/room.ts";
import { beginFile, type Finding, keptTail, leftFiles } from "./begin-file.ts";
import type { LogPlace } from "./commit.ts";
import type { WalConfig } from "./config.ts";
import type { WalEvents } from "./events.ts";
import type { SyncedPlace } from "./frame.ts";
import type { LeftFile } from "./log-files.ts";
import { beginLayout, type LayoutDeps, type NewLayout } from "./new-layout.ts";
import type { RecoveredWal } from "./recovery.ts";
import { Retirement } from "./retire.ts";
import { Shard } from "./shard.ts";
import type { ShardDeps } from "./shard-deps.ts";
import { type Lineage, withFiles } from "./successor.ts";
import type { SyncedPlaces } from "./synced-places.ts";
import type { WalFile } from "./wal-file.ts";

export type { Finding } from "./begin-file.ts";

export interface WalDeps {
  readonly env: Env;
  readonly directory: string;
  readonly config: WalConfig;
  readonly manifest: ManifestStore;
  readonly events: WalEvents;
  /** Who may take space when there is little; without it nobody has to ask. */
  readonly room?: Room;
  nextStamp(): number;
  noteLatch(shard: number): Promise<void>;
  crash(error: unknown): void;
}

export class Wal {
  readonly shards: readonly Shard[];
  readonly #places: SyncedPlaces;
  readonly #retirement: Retirement;

  private constructor(shards: readonly Shard[], places: SyncedPlaces, retirement: Retirement) {
    this.shards = shards;
    this.#places = places;
    this.#retirement = retirement;
  }

  /** How far each shard is known to be synced by now. */
  get synced(): readonly SyncedPlace[] {
    return [...this.#places.all];
  }

  /**
   * Begins a new file per shard with what is kept of its tail and with the findings, all synced before its header; then
   * one manifest switches all shards. Interrupted anywhere, the next start comes to the same. With `layout` another number
   * of shards begins.
   */
  static async start(
    deps: WalDeps,
    recovered: RecoveredWal,
    findings: readonly (readonly Finding[])[],
    layout?: NewLayout,
  ): Promise<Wal> {
    const { env, directory, manifest, config, events } = deps;
    const named = manifest.current;
    let index = Math.max(named.nextIndex, recovered.greatestIndex + 1);
    const nextIndex = (): number => index++;
    const nextStamp = (): number => deps.nextStamp();
    const layoutDeps = { env, directory, config, named, generation: named.generation + 1, nextIndex, nextStamp };
    const { started, places } = layout
      ? await startLayout(layoutDeps, recovered, findings, layout)
      : await startShards(layoutDeps, recovered, findings, manifest);
    const shards = started.map(({ lineage, file, left }) => {
      const shardDeps: ShardDeps = {
        env,
        directory,
        config,
        manifest,
        lineage,
        places,
        events,
        room: deps.room ?? plenty,
        nextIndex,
        nextStamp,
        noteLatch: (number) => deps.noteLatch(number),
        crash: (error) => deps.crash(error),
      };
      return new Shard(shardDeps, file, left);
    });
    await Promise.all(shards.map((shard) => shard.prepare()));
    const { archiveDirectory } = config;
    const files = shards.map((shard) => shard.files);
    const { directoryId } = named;
    return new Wal(
      shards,
      places,
      new Retirement({ env, directory, directoryId, archiveDirectory, events, manifest, files }, recovered.leftovers),
    );
  }

  /** A topic lives on one shard for good: a hash of its id that no version may change. */
  shardOf(topicId: number): Shard {
    return this.shards[shardNumber(topicId, this.shards.length)];
  }

  get latched(): number[] {
    return this.shards.filter((shard) => shard.latched).map((shard) => shard.number);
  }

  /** Bytes of frames logged since the start. */
  loggedBytes(): number {
    return this.shards.reduce((sum, shard) => sum + shard.loggedBytes, 0);
  }

  /**
   * Drops every file that lies wholly before `keep`, by shard the earliest place that a kept checkpoint or a backup still
   * needs; says how many. A file that the archive does not take stays, and so do the ones behind it.
   */
  retire(keep: readonly LogPlace[]): Promise<number> {
    assert(keep.length === this.shards.length, "there is a place for every shard");
    return this.#retirement.run(keep);
  }

  /** `unfinished`: shards whose log is not to end as if nothing lay behind it. */
  async close(nextStamp: () => number, unfinished: ReadonlySet<number> = new Set()): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close(unfinished.has(shard.number) ? undefined : nextStamp())));
    await this.#retirement.settled();
  }

  abort(): void {
    for (const shard of this.shards) shard.abort();
  }
}

/** Fibonacci hashing of the id; the upper bits, so that consecutive ids spread over any number of shards. */
export function shardNumber(topicId: number, shards: number): number {
  assert(topicId > 0, "topic ids begin at 1");
  return (Math.imul(topicId, 0x9e37_79b1) >>> 16) % shards;
}

interface StartedFile {
  readonly lineage: Lineage;
  readonly file: WalFile;
  readonly left: readonly LeftFile[];
}

interface Started {
  readonly started: readonly StartedFile[];
  readonly places: SyncedPlaces;
}

async function startShards(
  deps: LayoutDeps,
  recovered: RecoveredWal,
  findings: readonly (readonly Finding[])[],
  manifest: ManifestStore,
): Promise<Started> {
  const { named, generation } = deps;
  const { places, unnamed } = recovered;
  const started: StartedFile[] = [];
  for (const end of recovered.shards) {
    const lineage: Lineage = {
      directoryId: named.directoryId,
      layout: named.layouts.length - 1,
      shard: end.shard,
      shards: recovered.shards.length,
      generation,
    };
    const tail = await keptTail(deps.env, end, lineage.shards, places);
    const beginning = { tail, findings: findings[end.shard] ?? [], synced: places.all };
    const file = await beginFile(deps, { lineage, index: deps.nextIndex(), ...beginning });
    started.push({ lineage, file, left: leftFiles(end, tail) });
  }
  for (const { lineage, file } of started) places.learn(lineage.shard, { index: file.index, position: file.syncedEnd });
  const files = started.map(({ lineage, file }) => ({ shard: lineage.shard, index: file.index }));
  await manifest.update((current) => ({ ...withFiles(current, [...unnamed, ...files]), generation }));
  return { started, places };
}

async function startLayout(
  deps: LayoutDeps,
  recovered: RecoveredWal,
  findings: readonly (readonly Finding[])[],
  layout: NewLayout,
): Promise<Started> {
  const { lineages, files, places } = await beginLayout(deps, recovered, findings, layout);
  return { started: lineages.map((lineage, shard) => ({ lineage, file: files[shard], left: [] })), places };
}
