/**
 * The log that a directory is restored from (spec 6.7): the backup's files, and behind them those in the archive, or in the
 * directory itself, that continue them. The backup's own last file ends where the backup was made; where another copy of it
 * is at hand, that one counts.
 */
import type { Env } from "../../env/env.ts";
import { walFileName } from "../../storage/layout.ts";
import { damage } from "../../storage/refusal.ts";
import { frameKind, type LogPlace } from "../../wal/commit.ts";
import { examineTail } from "../../wal/evidence.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import type { Frame } from "../../wal/frame.ts";
import { replayStart } from "../../wal/replay-start.ts";
import { type Breathe, scanFrames, type Scanned } from "../../wal/scan.ts";
import { SyncedPlaces } from "../../wal/synced-places.ts";
import type { LogPiece } from "./log-pieces.ts";
import { RestoreRefused } from "./refused.ts";

/** Asked for every frame; `false` ends the reading. */
export type FrameReader = (frame: Frame) => boolean;

export interface SourceFile extends LogPiece {
  /** As its successor declares; `undefined` where none is at hand. */
  readonly declared: { readonly position: number; readonly hash: bigint } | undefined;
}

export interface SourceShard {
  readonly files: readonly SourceFile[];
  /** A file that is missing behind the last one, though later ones are there. */
  readonly lacks: string | undefined;
  /** When the backup was made: nothing that was logged by then is missing. */
  readonly madeAt: number;
}

/** In a backup's last file: where its final frame is, and the hash before it. */
interface Junction {
  readonly index: number;
  readonly position: number;
  readonly hash: bigint;
  readonly stamp: number;
}

export class SourceLog {
  readonly #env: Env;
  readonly #shards: readonly SourceShard[];
  readonly #ends: readonly LogPlace[];

  private constructor(env: Env, shards: readonly SourceShard[], ends: readonly LogPlace[]) {
    this.#env = env;
    this.#shards = shards;
    this.#ends = ends;
  }

  /**
   * `backup`: its files by shard. `others`: files of the same layout from elsewhere. `successors`: further ones, which are
   * no part of the log, but may say where it ends.
   */
  static async open(
    env: Env,
    backup: readonly (readonly LogPiece[])[],
    others: readonly LogPiece[],
    successors: readonly LogPiece[],
  ): Promise<SourceLog> {
    const shards: SourceShard[] = [];
    const junctions: (Junction | undefined)[] = [];
    for (const [shard, files] of backup.entries()) {
      junctions.push(await junctionOf(env, files.at(-1)));
      const own = ({ header }: LogPiece): boolean => header.shard === shard;
      await refuseTwins(env, files, others.filter(own));
      const chain = continued(files, others.filter(own), successors.filter(own));
      shards.push({ ...chain, madeAt: junctions[shard]?.stamp ?? 0 });
    }
    return new SourceLog(env, shards, await endsOf(env, shards, junctions));
  }

  get shards(): readonly SourceShard[] {
    return this.#shards;
  }

  /** By shard, the last place that is certain. */
  get ends(): readonly LogPlace[] {
    return this.#ends;
  }

  /** The frames of a shard in order, from a checkpoint's place on; `breathe` between two stretches. Damage is refused. */
  async read(shard: number, from: LogPlace | undefined, visit: FrameReader, breathe?: Breathe): Promise<void> {
    const { files } = this.#shards[shard];
    if (files.length === 0) return;
    const start = replayStart({ files }, from, (index) => walFileName(shard, index));
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

/** A backup ends like a clean stop. */
async function junctionOf(env: Env, last: LogPiece | undefined): Promise<Junction | undefined> {
  if (last === undefined) return undefined;
  let final: Frame | undefined;
  const scanned = await scan(env, last, firstFrameAt, last.bytes, (frame) => {
    final = frame;
    return true;
  });
  const { writtenEnd } = await tailOf(env, last, scanned);
  if (final?.fields.kind !== frameKind.final || writtenEnd > scanned.end)
    throw new RestoreRefused(
      `${last.path} does not end like a clean stop: this is no backup (topics backup makes one of any directory)`,
    );
  return { index: last.header.index, position: final.offset, hash: final.predecessorHash, stamp: final.fields.stamp };
}

/** The backup's files, and the other ones from the backup's last on. */
function continued(
  backup: readonly LogPiece[],
  others: readonly LogPiece[],
  successors: readonly LogPiece[],
): Omit<SourceShard, "madeAt"> {
  const last = backup.at(-1);
  if (last === undefined) return { files: [], lacks: undefined };
  const stray = others.find((other) => isStray(backup, other));
  if (stray !== undefined) throw otherRun(stray);
  const whole = others.find(({ header }) => header.index === last.header.index);
  const chain = whole === undefined ? [...backup] : [...backup.slice(0, -1), whole];
  for (let next = whole; next !== undefined;) {
    const { index } = next.header;
    next = others.find(({ header }) => header.predecessor.index === index);
    if (next !== undefined) chain.push(next);
  }
  const { shard, index } = chain.at(-1)!.header;
  const lost = others
    .filter(({ header }) => header.index > index)
    .sort((a, b) => a.header.index - b.header.index)
    .at(0);
  const lacks = lost && walFileName(shard, whole === undefined ? index : lost.header.predecessor.index);
  const successor = successors.find(({ header }) => header.predecessor.index === index);
  const declaring = (at: number): LogPiece | undefined =>
    at + 1 < chain.length ? chain[at + 1] : whole === undefined ? undefined : successor;
  return { files: chain.map((file, at) => ({ ...file, declared: endFrom(declaring(at)) })), lacks };
}

/** The directory, and somebody on the backup, went on from the same place: the two are not one log. */
function isStray(backup: readonly LogPiece[], { header, headerHash }: LogPiece): boolean {
  const same = backup.find((one) => one.header.index === header.index);
  if (same !== undefined) return same.headerHash !== headerHash;
  return backup.slice(0, -1).some((one) => one.header.index === header.predecessor.index);
}

/** Another copy of a file that the backup has whole ends as it does there. */
async function refuseTwins(env: Env, backup: readonly LogPiece[], others: readonly LogPiece[]): Promise<void> {
  for (const [at, { header }] of backup.slice(0, -1).entries()) {
    const twin = others.find((other) => other.header.index === header.index);
    if (twin === undefined) continue;
    const { end, hash } = backup[at + 1].header.predecessor;
    const scanned = await scan(env, twin, firstFrameAt, Math.min(end, twin.bytes), () => true);
    if (scanned.end !== end || scanned.hash !== hash) throw otherRun(twin);
  }
}

function otherRun({ path }: LogPiece): RestoreRefused {
  return new RestoreRefused(`${path} does not continue the backup: it is of another run of the directory`);
}

function endFrom(successor: LogPiece | undefined): SourceFile["declared"] {
  if (successor === undefined) return undefined;
  const { end, hash } = successor.header.predecessor;
  return { position: end, hash };
}

/**
 * Where each shard's last file ends: as its successor declares; in the backup, behind its final frame; in the directory
 * itself, where a start would find the end. Of an archived file whose successor is not at hand what is known to be synced
 * counts: frames behind that may have been refused, and what was acked of them lies in the successor, too.
 */
async function endsOf(
  env: Env,
  shards: readonly SourceShard[],
  junctions: readonly (Junction | undefined)[],
): Promise<LogPlace[]> {
  const lasts = shards.map(({ files }) => files.at(-1)?.header.index ?? 0);
  const known = lasts.map(() => firstFrameAt);
  const scanned: (Scanned | undefined)[] = [];
  for (const [shard, { files }] of shards.entries()) {
    const junction = junctions[shard];
    let last: Scanned | undefined;
    for (const file of files) {
      last = await scanWhole(env, file, junction, (frame) =>
        frame.synced.forEach((place, other) => {
          if (place.index === lasts[other]) known[other] = Math.max(known[other], place.position);
        }),
      );
    }
    scanned.push(last);
    if (junction?.index === lasts[shard]) known[shard] = Math.max(known[shard], junction.position);
  }
  const ends: LogPlace[] = [];
  for (const [shard, { files }] of shards.entries())
    ends.push({ index: lasts[shard], position: await endOf(env, files.at(-1), scanned[shard], known[shard]) });
  return ends;
}

async function endOf(
  env: Env,
  last: SourceFile | undefined,
  scanned: Scanned | undefined,
  known: number,
): Promise<number> {
  if (last === undefined || scanned === undefined) return 0;
  if (last.declared !== undefined || last.origin === "backup") return scanned.end;
  const isTorn = last.origin === "archive" || (await tailOf(env, last, scanned)).torn;
  if (!isTorn || known > scanned.end) throw damaged(last, scanned);
  return last.origin === "archive" ? known : scanned.end;
}

/** All of a file, which is the one that its neighbours say it is. */
async function scanWhole(
  env: Env,
  file: SourceFile,
  junction: Junction | undefined,
  hear: (frame: Frame) => void,
): Promise<Scanned> {
  const { declared } = file;
  const joins = junction?.index === file.header.index;
  let isJoined = !joins;
  const scanned = await scan(env, file, firstFrameAt, declared?.position ?? file.bytes, (frame) => {
    hear(frame);
    if (joins && frame.offset === junction.position) isJoined = frame.predecessorHash === junction.hash;
    return true;
  });
  if (joins && scanned.end === junction.position) isJoined = scanned.hash === junction.hash;
  if (!isJoined) throw otherRun(file);
  if (declared && (scanned.end !== declared.position || scanned.hash !== declared.hash)) throw damaged(file, scanned);
  return scanned;
}

async function scan(
  env: Env,
  { path, header, headerHash }: LogPiece,
  from: number,
  limit: number,
  visit: FrameReader,
  breathe?: Breathe,
): Promise<Scanned> {
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

async function tailOf(
  env: Env,
  { path, header, bytes }: LogPiece,
  { end, stopped }: Scanned,
): Promise<{ readonly torn: boolean; readonly writtenEnd: number }> {
  const { shard, shards, index: fileIndex } = header;
  const file = await env.fs.open(path, "read");
  try {
    return await examineTail(file, bytes, end, stopped, { shard, shards, fileIndex }, new SyncedPlaces(shards));
  } finally {
    await file.close();
  }
}

function damaged({ path }: LogPiece, { end, stopped }: Scanned): Error {
  const why = stopped.why === "end" ? "the log ends early" : stopped.reason;
  return damage(`a WAL file is damaged: ${why}`, { file: path, offset: end });
}
