/**
 * The log that a directory is restored from (spec 6.7): the backup's files, and behind them the archived ones that continue
 * them, up to the last place of each shard that is certain. The backup's own last file ends where the backup was made; the
 * archive may have all of it, and then that one counts.
 */
import { assert } from "../../base/assert.ts";
import type { Env } from "../../env/env.ts";
import { joinPath, parseWalFileName, walFileName } from "../../storage/layout.ts";
import type { Manifest } from "../../storage/manifest.ts";
import { damage } from "../../storage/refusal.ts";
import { archiveName } from "../../wal/archive.ts";
import { type ChainFile, discoverChains } from "../../wal/chain.ts";
import { comparePlaces, frameKind, type LogPlace } from "../../wal/commit.ts";
import { examineTail } from "../../wal/evidence.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import type { Frame } from "../../wal/frame.ts";
import { readHeader } from "../../wal/read-header.ts";
import { replayStart } from "../../wal/replay-start.ts";
import { type Breathe, scanFrames, type Scanned } from "../../wal/scan.ts";
import { SyncedPlaces } from "../../wal/synced-places.ts";
import { RestoreRefused } from "./refused.ts";

export interface SourceDirectories {
  readonly backup: string;
  readonly archive: string | undefined;
  /** Where the headers of files may be that continue the archive's last ones. */
  readonly live: string | undefined;
}

/** Asked for every frame; `false` ends the reading. */
export type FrameReader = (frame: Frame) => boolean;

type SourceFile = Omit<ChainFile, "named"> & {
  /** As its successor declares. */
  readonly declared: { readonly position: number; readonly hash: bigint } | undefined;
};

interface SourceShard {
  readonly files: readonly SourceFile[];
  /** The archive has later files of this shard, and lacks the one that they continue. */
  readonly lacks: string | undefined;
}

/** In a backup's last file: where its final frame is, and the hash before it. */
interface BackupEnd {
  readonly index: number;
  readonly position: number;
  readonly hash: bigint;
}

export class SourceLog {
  readonly #env: Env;
  readonly #shards: readonly SourceShard[];
  readonly #ends: readonly LogPlace[];
  /** The archive goes on with another number of shards, at this stamp. */
  readonly nextLayoutStamp: number | undefined;

  private constructor(env: Env, shards: readonly SourceShard[], ends: readonly LogPlace[], nextLayout?: number) {
    this.#env = env;
    this.#shards = shards;
    this.#ends = ends;
    this.nextLayoutStamp = nextLayout;
  }

  static async open(env: Env, directories: SourceDirectories, manifest: Manifest): Promise<SourceLog> {
    const opening = new Opening(env, directories, manifest);
    const { shards, ends, nextLayoutStamp } = await opening.run();
    return new SourceLog(env, shards, ends, nextLayoutStamp);
  }

  get shards(): number {
    return this.#shards.length;
  }

  /** By shard, the last place that is certain. */
  get ends(): readonly LogPlace[] {
    return this.#ends;
  }

  /** The name of a file that is missing behind a shard's end, though later ones are there. */
  lacks(shard: number): string | undefined {
    return this.#shards[shard].lacks;
  }

  get bytes(): number {
    return this.#shards.reduce((sum, { files }) => sum + files.reduce((all, { bytes }) => all + bytes, 0), 0);
  }

  /** The frames of a shard in order, from a checkpoint's place on; `breathe` between two stretches. Damage is refused. */
  async read(shard: number, from: LogPlace | undefined, visit: FrameReader, breathe?: Breathe): Promise<void> {
    const { files } = this.#shards[shard];
    const pathOf = (index: number): string => walFileName(shard, index);
    if (files.length === 0) return;
    const start = replayStart({ files: files.map((file) => ({ ...file, named: true })) }, from, pathOf);
    for (const [at, file] of files.entries()) {
      if (at < start.at) continue;
      const position = at === start.at ? start.position : firstFrameAt;
      const end = at === files.length - 1 ? this.#ends[shard].position : file.declared!.position;
      let goesOn = true;
      const scanned = await scan(this.#env, file, position, end, (frame) => (goesOn = visit(frame)), breathe);
      if (!goesOn) return;
      if (scanned.end < end) throw damaged(file, scanned);
    }
  }
}

class Opening {
  readonly #env: Env;
  readonly #directories: SourceDirectories;
  readonly #manifest: Manifest;
  readonly #layout: number;

  constructor(env: Env, directories: SourceDirectories, manifest: Manifest) {
    this.#env = env;
    this.#directories = directories;
    this.#manifest = manifest;
    this.#layout = manifest.layouts.length - 1;
  }

  async run(): Promise<{
    readonly shards: readonly SourceShard[];
    readonly ends: readonly LogPlace[];
    readonly nextLayoutStamp: number | undefined;
  }> {
    const { directoryId, layouts } = this.#manifest;
    const chains = await discoverChains(this.#env, this.#directories.backup, directoryId, layouts, this.#layout);
    const archived = await this.#archived();
    const shards: SourceShard[] = [];
    const backupEnds: (BackupEnd | undefined)[] = [];
    for (const { files } of chains.shards) {
      const own = archived.files.filter(({ header }) => header.shard === shards.length);
      backupEnds.push(await this.#backupEnd(files.at(-1)));
      shards.push(await this.#continued(files, own));
    }
    const ends = await this.#ends(shards, backupEnds);
    return { shards, ends, nextLayoutStamp: archived.nextLayoutStamp };
  }

  /** Every file of this directory in the archive, by its header, oldest first. */
  async #archived(): Promise<{ readonly files: readonly ChainFile[]; readonly nextLayoutStamp: number | undefined }> {
    const { archive } = this.#directories;
    if (archive === undefined) return { files: [], nextLayoutStamp: undefined };
    const prefix = archiveName(this.#manifest.directoryId, "");
    const files: ChainFile[] = [];
    let nextLayoutStamp: number | undefined;
    for (const name of await this.#env.fs.readdir(archive)) {
      const parsed = name.startsWith(prefix) ? parseWalFileName(name.slice(prefix.length)) : undefined;
      if (parsed === undefined) continue;
      const file = await this.#readFile(joinPath(archive, name));
      const { header } = file;
      if (header.shard !== parsed.shard || header.index !== parsed.index)
        throw damage("an archived WAL file by another's name", { file: file.path, offset: 0 });
      if (header.layout === this.#layout) files.push(file);
      else if (header.layout > this.#layout) nextLayoutStamp = Math.min(nextLayoutStamp ?? Infinity, header.stamp);
    }
    return { files: files.sort((a, b) => a.header.index - b.header.index), nextLayoutStamp };
  }

  async #readFile(path: string): Promise<ChainFile> {
    const read = await readHeader(this.#env, path);
    if (read.outcome !== "header") throw damage("the header of a WAL file is not valid", { file: path, offset: 0 });
    if (read.header.directoryId !== this.#manifest.directoryId)
      throw damage("a WAL file of another directory", { file: path, offset: 0 });
    return { path, header: read.header, headerHash: read.hash, bytes: read.bytes, named: true };
  }

  /** A backup ends like a clean stop. */
  async #backupEnd(last: ChainFile | undefined): Promise<BackupEnd | undefined> {
    if (last === undefined) return undefined;
    let final: Frame | undefined;
    const scanned = await scan(this.#env, last, firstFrameAt, last.bytes, (frame) => {
      final = frame;
      return true;
    });
    const isEnd = !(await this.#goesOn(last, scanned));
    if (final?.fields.kind !== frameKind.final || !isEnd)
      throw new RestoreRefused(
        `${this.#directories.backup} is no backup: its log does not end like a clean stop (topics backup makes one of any directory)`,
      );
    return { index: last.header.index, position: final.offset, hash: final.predecessorHash };
  }

  /** Something was written behind the last frame. */
  async #goesOn({ path, header, bytes }: ChainFile, { end, stopped }: Scanned): Promise<boolean> {
    const { shard, shards, index: fileIndex } = header;
    const file = await this.#env.fs.open(path, "read");
    try {
      const places = new SyncedPlaces(shards);
      const tail = await examineTail(file, bytes, end, stopped, { shard, shards, fileIndex }, places);
      return tail.writtenEnd > end;
    } finally {
      await file.close();
    }
  }

  /** The backup's files, and the archived ones from the backup's last on. */
  async #continued(backup: readonly ChainFile[], archived: readonly ChainFile[]): Promise<SourceShard> {
    const last = backup.at(-1);
    if (last === undefined) return { files: [], lacks: undefined };
    const whole = archived.find(({ header }) => header.index === last.header.index);
    const chain = whole === undefined ? [...backup] : [...backup.slice(0, -1), whole];
    const later = archived.filter(({ header }) => header.index > last.header.index);
    if (whole !== undefined)
      for (const file of later) if (file.header.predecessor.index === chain.at(-1)!.header.index) chain.push(file);
    const end = chain.at(-1)!.header;
    const lost = later.find(({ header }) => header.index > end.index);
    const lacks = lost && walFileName(end.shard, whole === undefined ? end.index : lost.header.predecessor.index);
    const files = chain.map((file, at) => ({ ...file, declared: endFrom(chain.at(at + 1)) }));
    if (whole !== undefined) files[files.length - 1].declared = endFrom(await this.#successor(end.shard, end.index));
    return { files, lacks };
  }

  /** In the live directory: the file that continues the archive's last one. */
  async #successor(shard: number, index: number): Promise<ChainFile | undefined> {
    const { live } = this.#directories;
    if (live === undefined) return undefined;
    for (const name of await this.#env.fs.readdir(live)) {
      if (parseWalFileName(name)?.shard !== shard) continue;
      const path = joinPath(live, name);
      const read = await readHeader(this.#env, path);
      if (read.outcome !== "header" || read.header.directoryId !== this.#manifest.directoryId) continue;
      if (read.header.predecessor.index !== index || read.header.layout !== this.#layout) continue;
      return { path, header: read.header, headerHash: read.hash, bytes: read.bytes, named: true };
    }
    return undefined;
  }

  /**
   * Where each shard's last file ends: as its successor declares; in the backup, at its final frame. Of an archived file
   * whose successor is not at hand what is known to be synced counts: frames behind that may have been refused, and what
   * was acked of them lies in the successor, too.
   */
  async #ends(shards: readonly SourceShard[], backupEnds: readonly (BackupEnd | undefined)[]): Promise<LogPlace[]> {
    const lasts = shards.map(({ files }) => files.at(-1)?.header.index ?? 0);
    const known = lasts.map(() => firstFrameAt);
    const scannedEnds: number[] = [];
    for (const [shard, { files }] of shards.entries()) {
      let end = 0;
      for (const file of files) {
        const junction = backupEnds[shard];
        const joins = junction?.index === file.header.index;
        let isJoined = !joins;
        const limit = file.declared?.position ?? file.bytes;
        const scanned = await scan(this.#env, file, firstFrameAt, limit, (frame) => {
          frame.synced.forEach((place, other) => {
            if (place.index === lasts[other]) known[other] = Math.max(known[other], place.position);
          });
          if (joins && frame.offset === junction.position) isJoined = frame.predecessorHash === junction.hash;
          return true;
        });
        if (joins && scanned.end === junction.position) isJoined = scanned.hash === junction.hash;
        if (!isJoined)
          throw new RestoreRefused(`${file.path} does not continue the backup: it is of another run of the directory`);
        if (file.declared && (scanned.end !== file.declared.position || scanned.hash !== file.declared.hash))
          throw damaged(file, scanned);
        end = scanned.end;
        if (joins) known[shard] = Math.max(known[shard], junction.position);
      }
      scannedEnds.push(end);
    }
    return shards.map(({ files }, shard) => {
      const last = files.at(-1);
      const isOpen = last !== undefined && last.declared === undefined && !this.#isOfBackup(last);
      if (isOpen && known[shard] > scannedEnds[shard])
        throw damage("a WAL file is damaged in a place that was synced", {
          file: last.path,
          offset: scannedEnds[shard],
        });
      const position = isOpen ? known[shard] : scannedEnds[shard];
      return { index: lasts[shard], position };
    });
  }

  #isOfBackup({ path }: SourceFile): boolean {
    return path.startsWith(joinPath(this.#directories.backup, ""));
  }
}

function endFrom(successor: ChainFile | undefined): SourceFile["declared"] {
  if (successor === undefined) return undefined;
  const { end, hash } = successor.header.predecessor;
  return { position: end, hash };
}

async function scan(
  env: Env,
  { path, header, headerHash }: Omit<ChainFile, "named">,
  from: number,
  limit: number,
  visit: FrameReader,
  breathe?: Breathe,
): Promise<Scanned> {
  assert(from >= firstFrameAt, "frames begin behind the header");
  const { shard, shards, index: fileIndex } = header;
  const file = await env.fs.open(path, "read");
  try {
    const startHash = from === firstFrameAt ? headerHash : undefined;
    const range = { expected: { shard, shards, fileIndex }, from, startHash, declaredEnd: limit, fileBytes: limit };
    return await scanFrames(file, range, (frame) => (visit(frame) ? undefined : "enough"), breathe);
  } finally {
    await file.close();
  }
}

function damaged({ path }: { readonly path: string }, { end, stopped }: Scanned): Error {
  const why = stopped.why === "end" ? "the log ends early" : stopped.reason;
  return damage(`a WAL file is damaged: ${why}`, { file: path, offset: end });
}

/** Whether a frame speaks of something behind what is at hand. */
export function claimsMore(frame: Frame, ends: readonly LogPlace[]): boolean {
  return frame.synced.some((place, shard) => comparePlaces(place, ends[shard]) > 0);
}
