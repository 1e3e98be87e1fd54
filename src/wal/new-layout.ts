/**
 * A start with another number of shards (spec 6.2). The logs of the layout that ends are completed first: what is kept of
 * an un-synced tail, and what recovery has found, goes into one more file of it. Then the new layout's files begin, empty.
 * One manifest ends the one layout, begins the other and, being the caller's, names the checkpoints that cover everything
 * before: no start ever reads two layouts.
 *
 * Interrupted before that manifest, the next start finds the old layout complete, and files that are unused.
 */
import type { Manifest, ShardEnd } from "../storage/manifest.ts";
import { type BeginDeps, beginFile, type Finding, keptTail, noTail } from "./begin-file.ts";
import type { LogPlace } from "./commit.ts";
import { firstFrameAt } from "./file-header.ts";
import type { RecoveredShard, RecoveredWal } from "./recovery.ts";
import { type Lineage, type NamedFile, withFiles } from "./successor.ts";
import { SyncedPlaces } from "./synced-places.ts";
import type { WalFile } from "./wal-file.ts";

export interface NewLayout {
  readonly shards: number;
  /**
   * To be resolved when a manifest is durable that has `change` in it, and names checkpoints that cover all that was
   * recovered and say `places`, one by shard, of the new layout.
   */
  switchTo(change: (manifest: Manifest) => Manifest, places: readonly LogPlace[]): Promise<void>;
}

export interface LayoutDeps extends BeginDeps {
  readonly named: Manifest;
  readonly generation: number;
  nextIndex(): number;
}

export interface BegunLayout {
  readonly lineages: readonly Lineage[];
  readonly files: readonly WalFile[];
  readonly places: SyncedPlaces;
}

export async function beginLayout(
  deps: LayoutDeps,
  recovered: RecoveredWal,
  findings: readonly (readonly Finding[])[],
  layout: NewLayout,
): Promise<BegunLayout> {
  const { named, generation } = deps;
  const { shards } = layout;
  const ended: Ended[] = [];
  for (const shard of recovered.shards) ended.push(await endLog(deps, recovered, shard, findings[shard.shard] ?? []));
  const lineages = Array.from({ length: shards }, (_, shard) => ({
    directoryId: named.directoryId,
    layout: named.layouts.length,
    shard,
    shards,
    generation,
  }));
  const places = new SyncedPlaces(shards);
  const files: WalFile[] = [];
  for (const lineage of lineages) {
    const beginning = { lineage, index: deps.nextIndex(), tail: noTail, findings: [], synced: places.all };
    const file = await beginFile(deps, beginning);
    places.learn(lineage.shard, { index: file.index, position: firstFrameAt });
    files.push(file);
  }
  const ends = ended.map(({ end }) => end);
  const last = [...recovered.unnamed, ...ended.flatMap(({ file }) => (file ? [file] : []))];
  const change = (manifest: Manifest): Manifest => {
    const whole = withFiles(manifest, last);
    const layouts = [
      ...whole.layouts.slice(0, -1),
      { ...whole.layouts.at(-1)!, ends },
      { shards, files: files.map(({ index }) => [index]) },
    ];
    const nextIndex = Math.max(whole.nextIndex, ...files.map(({ index }) => index + 1));
    return { ...whole, layouts, nextIndex, generation };
  };
  await layout.switchTo(change, [...places.all]);
  return { lineages, files, places };
}

interface Ended {
  readonly end: ShardEnd;
  /** The one more that was needed. */
  readonly file: NamedFile | undefined;
}

async function endLog(
  deps: LayoutDeps,
  recovered: RecoveredWal,
  end: RecoveredShard,
  findings: readonly Finding[],
): Promise<Ended> {
  const { named, generation } = deps;
  const { shard } = end;
  const { places, shards } = recovered;
  const tail = await keptTail(deps.env, end, shards.length, places);
  if (!tail.range && findings.length === 0) {
    const { index, end: position, hash } = tail.predecessor;
    return { end: { index, position, hash: hex(hash) }, file: undefined };
  }
  const lineage: Lineage = {
    directoryId: named.directoryId,
    layout: named.layouts.length - 1,
    shard,
    shards: shards.length,
    generation,
  };
  const file = await beginFile(deps, { lineage, index: deps.nextIndex(), tail, findings, synced: places.all });
  await file.file.close();
  const { index, syncedEnd, syncedHash } = file;
  return { end: { index, position: syncedEnd, hash: hex(syncedHash) }, file: { shard, index } };
}

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, "0");
}
