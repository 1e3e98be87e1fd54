/**
 * Retiring WAL files that no kept checkpoint needs (spec 6.4, 6.7): archive, manifest, unlink, in this order.
 *
 * Into the archive goes a file while the manifest still names it: a full archive then blocks its retirement and changes
 * nothing, and whatever is dropped from the manifest is in the archive already. Interrupted before the manifest, the next
 * attempt finds the same file in the archive and is content; interrupted behind it, the next start finds a file that
 * nothing names, sees again that it is in the archive, and removes it. The manifest drops a name only where it names a
 * later file of the same shard, so that a log always has an end that is named, and unnamed files have one to continue.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { joinPath, walFileName } from "../storage/layout.ts";
import type { Layout, Manifest, ManifestStore } from "../storage/manifest.ts";
import { archiveFile } from "./archive.ts";
import type { LogPlace } from "./commit.ts";
import type { WalEvents } from "./events.ts";
import type { LogFiles } from "./log-files.ts";
import type { NamedFile } from "./successor.ts";

export interface ArchiveDeps {
  readonly env: Env;
  readonly directory: string;
  readonly directoryId: string;
  readonly archiveDirectory: string | undefined;
  readonly events: WalEvents;
}

export interface RetirementDeps extends ArchiveDeps {
  readonly manifest: ManifestStore;
  /** By shard. */
  readonly files: readonly LogFiles[];
}

export class Retirement {
  readonly #deps: RetirementDeps;
  /** In the directory, and named by nothing. */
  #leftovers: readonly NamedFile[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: RetirementDeps, leftovers: readonly NamedFile[]) {
    this.#deps = deps;
    this.#leftovers = leftovers;
  }

  /** How many files it has dropped. Rejects with the errno of the disk; what is not done then is done the next time. */
  run(keep: readonly LogPlace[]): Promise<number> {
    const turn = this.#turn.then(() => this.#run(keep));
    this.#turn = turn.catch((error: unknown) => errnoOf(error));
    return turn;
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #run(keep: readonly LogPlace[]): Promise<number> {
    const { files, events, manifest } = this.#deps;
    this.#leftovers = await this.#present(this.#leftovers);
    const ended = endedFiles(manifest.current.layouts);
    const behind = files.flatMap((log, shard) => log.before(keep[shard]).map(({ index }) => ({ shard, index })));
    const archived = await archiveAll(this.#deps, [...this.#leftovers, ...ended, ...behind]);
    const dropped = await this.#drop(archived);
    this.#leftovers = [...this.#leftovers, ...dropped];
    for (const [shard, log] of files.entries())
      log.remove(new Set(dropped.filter((file) => file.shard === shard).map(({ index }) => index)));
    for (const { shard, index } of dropped) events({ type: "wal-retired", shard, index });
    await this.#unlink(archived.filter((file) => isOneOf(this.#leftovers, file)));
    return dropped.length;
  }

  /** Those of the files that the manifest named and does not name any more. */
  async #drop(archived: readonly NamedFile[]): Promise<readonly NamedFile[]> {
    const { manifest } = this.#deps;
    if (droppable(manifest.current, archived).length === 0) return [];
    let dropped: readonly NamedFile[] = [];
    await manifest.update((current) => {
      dropped = droppable(current, archived);
      return { ...current, layouts: current.layouts.map((layout) => without(layout, dropped)) };
    });
    return dropped;
  }

  /** An unlink may have failed and yet been done. */
  async #present(files: readonly NamedFile[]): Promise<NamedFile[]> {
    const present: NamedFile[] = [];
    for (const file of files) {
      const path = joinPath(this.#deps.directory, walFileName(file.shard, file.index));
      if ((await this.#deps.env.fs.stat(path)) !== undefined) present.push(file);
    }
    return present;
  }

  async #unlink(files: readonly NamedFile[]): Promise<void> {
    if (files.length === 0) return;
    const { env, directory } = this.#deps;
    for (const file of files) {
      await env.fs.unlink(joinPath(directory, walFileName(file.shard, file.index)));
      this.#leftovers = this.#leftovers.filter((other) => other !== file);
    }
    await env.fs.syncDir(directory);
  }
}

/**
 * Those of the files that may go: all of them, without an archive; with one, those that it has. Oldest first: where one
 * can't be had, the ones behind it in its shard stay as well.
 */
export async function archiveAll(deps: ArchiveDeps, files: readonly NamedFile[]): Promise<NamedFile[]> {
  const { env, directory, directoryId, archiveDirectory, events } = deps;
  if (archiveDirectory === undefined) return [...files];
  const archived: NamedFile[] = [];
  const blocked = new Set<number>();
  for (const file of files) {
    const { shard, index } = file;
    if (blocked.has(shard)) continue;
    try {
      const path = joinPath(directory, walFileName(shard, index));
      await archiveFile(env, { directory: archiveDirectory, directoryId }, path);
      archived.push(file);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      blocked.add(shard);
      events({ type: "wal-archive-failed", shard, index, errno });
    }
  }
  return archived;
}

/** Both kept checkpoints are of the last layout: the manifest that began it named them, too. */
function endedFiles(layouts: readonly Layout[]): NamedFile[] {
  return layouts.slice(0, -1).flatMap(filesOf);
}

function filesOf({ files }: Layout): NamedFile[] {
  return files.flatMap((indices, shard) => indices.map((index) => ({ shard, index })));
}

function droppable({ layouts }: Manifest, files: readonly NamedFile[]): NamedFile[] {
  const ended = endedFiles(layouts);
  const active = filesOf(layouts.at(-1)!);
  const hasLater = ({ shard, index }: NamedFile): boolean =>
    active.some((other) => other.shard === shard && other.index > index);
  return files.filter((file) => isOneOf(ended, file) || (isOneOf(active, file) && hasLater(file)));
}

function without(layout: Layout, dropped: readonly NamedFile[]): Layout {
  const left = layout.files.map((indices, shard) => indices.filter((index) => !isOneOf(dropped, { shard, index })));
  return { ...layout, files: left };
}

/** Indices are never used again, on any shard. */
function isOneOf(files: readonly NamedFile[], { index }: NamedFile): boolean {
  return files.some((file) => file.index === index);
}
