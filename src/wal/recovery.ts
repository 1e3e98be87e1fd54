/**
 * From what is on disk to what the log is (spec 6.5): every shard replayed, the ends judged, and whether power was lost.
 * Nothing is written, except that files which are no part of the log are removed once nothing is refused.
 */
import { type Env, errnoOf, type File } from "../env/env.ts";
import { assert } from "../base/assert.ts";
import { readFully, writeFully } from "../storage/io.ts";
import { joinPath, manifestName, walFileName } from "../storage/layout.ts";
import type { Manifest } from "../storage/manifest.ts";
import { damage } from "../storage/refusal.ts";
import { type ChainFile, type Chains, discoverChains } from "./chain.ts";
import { frameKind, type LogPlace } from "./commit.ts";
import type { WalEvents } from "./events.ts";
import { type Frame, sectorBytes, type SyncedPlace } from "./frame.ts";
import { archiveAll } from "./retire.ts";
import { judge, type ReplayDeps, type ReplayedShard, replayShard } from "./replay.ts";
import { type ReplayStart, replayStart } from "./replay-start.ts";
import type { NamedFile } from "./successor.ts";
import { SyncedPlaces } from "./synced-places.ts";

export interface RecoveryDeps {
  readonly env: Env;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly latchNoted: boolean;
  readonly events: WalEvents;
  /** Leaves word for the next start that a sync has failed. */
  noteLatch(shard: number): Promise<void>;
  /** Takes every frame in order; a string says why it cannot be, which is damage. */
  visit(shard: number, frame: Frame): string | undefined;
  /** A commit stamp that was logged. */
  observe(stamp: number): void;
  progress(fraction: number): void;
  topicName(topicId: number): string | undefined;
  /** Where to replay each shard from, by a checkpoint that calls these places synced; without one, from the beginning. */
  readonly from?: readonly LogPlace[] | undefined;
  /** How far each shard was synced, by the same checkpoint. */
  readonly synced?: readonly SyncedPlace[] | undefined;
  /** Where retired files go before they are removed. */
  readonly archiveDirectory?: string | undefined;
  /** By shard, of a copy: whether the page cache held every write where it was made. Otherwise it is found out. */
  readonly witnesses?: readonly boolean[] | undefined;
  /** Asked between two stretches of the log; what it gives is awaited before more is read. */
  breathe?(): Promise<void> | undefined;
}

export interface RecoveredShard extends ReplayedShard {
  /** What was not synced may be missing, and what is there may only be in the page cache. */
  readonly powerLost: boolean;
  readonly clean: boolean;
}

export interface RecoveredWal {
  readonly places: SyncedPlaces;
  readonly shards: readonly RecoveredShard[];
  /** Part of the log, though no manifest has named them yet; oldest first. */
  readonly unnamed: readonly NamedFile[];
  /** Retired and still there, because the archive does not take them. */
  readonly leftovers: readonly NamedFile[];
  readonly greatestIndex: number;
}

export async function recoverWal(deps: RecoveryDeps): Promise<RecoveredWal> {
  const { env, directory, manifest } = deps;
  const layoutNumber = manifest.layouts.length - 1;
  if (layoutNumber > 0 && !deps.from)
    throw damage("the log of an earlier number of shards is in no checkpoint", {
      file: joinPath(directory, manifestName),
    });
  const chains = await discoverChains(env, directory, manifest.directoryId, manifest.layouts, layoutNumber);
  const starts = chains.shards.map((chain, shard) =>
    replayStart(chain, deps.from?.[shard], (index) => joinPath(directory, walFileName(shard, index))),
  );
  const places = placesOf(deps, chains.shards.length);
  const witnesses: boolean[] = [];
  for (const [shard, { files }] of chains.shards.entries())
    witnesses.push(deps.witnesses?.[shard] ?? (await cacheIsWitness(deps, shard, files.at(-1))));
  const replayed = await replayAll(deps, chains, starts, places);
  const shards: RecoveredShard[] = [];
  for (const end of replayed) {
    const clean = endsClean(end);
    const powerLost = !clean && !witnesses[end.shard];
    report(deps, end, powerLost);
    shards.push({ ...end, clean, powerLost });
  }
  for (const { last } of replayed) if (last && !last.named) await secure(env, last);
  const leftovers = await removeFiles(deps, chains);
  const unnamed = replayed.flatMap(({ files, shard }) =>
    files.filter(({ named }) => !named).map(({ header }) => ({ shard, index: header.index })),
  );
  return { places, shards, unnamed, leftovers, greatestIndex: chains.greatestIndex };
}

export type WitnessDeps = Pick<RecoveryDeps, "env" | "latchNoted" | "noteLatch">;

/** What is no part of the log (6.5): gives back those that have to stay. */
async function removeFiles(deps: RecoveryDeps, { unused, retired }: Chains): Promise<NamedFile[]> {
  const { env, directory, manifest, archiveDirectory, events } = deps;
  const { directoryId } = manifest;
  const archived = await archiveAll({ env, directory, directoryId, archiveDirectory, events }, retired);
  const removed = [...unused, ...archived];
  for (const { shard, index } of removed) await env.fs.unlink(joinPath(directory, walFileName(shard, index)));
  if (removed.length > 0) await env.fs.syncDir(directory);
  return retired.filter((file) => !archived.includes(file));
}

/** What the checkpoint calls synced is learned before anything is judged: a log that ends before it is damaged. */
function placesOf({ from, synced }: RecoveryDeps, shards: number): SyncedPlaces {
  const places = new SyncedPlaces(shards);
  for (const known of [from, synced]) {
    assert(known === undefined || known.length === shards, "a checkpoint has a place for every shard");
    known?.forEach((place, shard) => places.learn(shard, place));
  }
  return places;
}

async function replayAll(
  deps: RecoveryDeps,
  { shards }: Chains,
  starts: readonly ReplayStart[],
  places: SyncedPlaces,
): Promise<ReplayedShard[]> {
  let total = 0;
  for (const [shard, { files }] of shards.entries())
    for (const { bytes } of files.slice(starts[shard].at)) total += bytes;
  let read = 0;
  const replayDeps: ReplayDeps = {
    env: deps.env,
    places,
    visit: (shard: number, frame: Frame) => deps.visit(shard, frame),
    progress: (bytes: number) => deps.progress(Math.min(1, (read += bytes) / Math.max(1, total))),
    observe: (stamp: number) => deps.observe(stamp),
    topicName: (topicId: number) => deps.topicName(topicId),
    breathe: () => deps.breathe?.(),
  };
  const replayed: ReplayedShard[] = [];
  for (const [shard, chain] of shards.entries())
    replayed.push(await replayShard(replayDeps, shard, shards.length, chain, starts[shard]));
  for (const end of replayed) judge(replayDeps, end);
  return replayed;
}

/** A log that has not begun has nothing to lose. */
export function endsClean(end: ReplayedShard): boolean {
  if (!end.scanned || !end.tail) return true;
  return end.scanned.lastKind === frameKind.final && end.tail.writtenEnd <= end.scanned.end;
}

/**
 * The page cache holds every write of this boot, unless a sync failed or the file is not the one that was written. Asked
 * before anything is read: a sync that fails may take back what it covered. It fails only once, so a note outlives it.
 */
export async function cacheIsWitness(deps: WitnessDeps, shard: number, last: ChainFile | undefined): Promise<boolean> {
  if (!last) return true;
  const { header, path } = last;
  if (deps.latchNoted || header.bootId === "" || header.bootId !== deps.env.machine.bootId) return false;
  const file = await deps.env.fs.open(path, "write");
  try {
    const stat = await file.stat();
    if (BigInt.asUintN(64, stat.inode) !== header.inode) return false;
    if (BigInt.asUintN(64, stat.birthtimeNs) !== header.birthtimeNs) return false;
    return await synced(deps, shard, file);
  } finally {
    await file.close();
  }
}

async function synced(deps: WitnessDeps, shard: number, file: File): Promise<boolean> {
  try {
    await file.datasync();
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    await deps.noteLatch(shard);
    return false;
  }
}

/**
 * A start that was interrupted has left a file that the manifest does not name, and perhaps its header only in the page
 * cache. It becomes part of the log now, so it has to be durable before a manifest or a successor speaks of it.
 */
async function secure(env: Env, { path }: ChainFile): Promise<void> {
  const file = await env.fs.open(path, "write");
  try {
    // A sync of it may have failed and been forgotten: only what is written again is certain to be synced.
    const sector = new Uint8Array(sectorBytes);
    const length = await readFully(file, sector, 0);
    await writeFully(file, [sector.subarray(0, length)], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function report(deps: RecoveryDeps, end: ReplayedShard, powerLost: boolean): void {
  const { shard, frames } = end;
  deps.events({ type: "wal-recovered", shard, frames, powerLost });
  if (!end.last || !end.tail || !end.scanned || end.tail.writtenEnd <= end.scanned.end) return;
  const bytes = end.tail.writtenEnd - end.scanned.end;
  deps.events({ type: "wal-tail-cut", shard, file: end.last.path, offset: end.scanned.end, bytes });
}
