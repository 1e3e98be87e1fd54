/**
 * Reads a shard's log from where replay begins to its last good frame (spec 6.5), in bounded memory. Damage inside is refused
 * at once; what the end means is judged when all shards have been heard (`judge`).
 */
import type { Env, File } from "../env/env.ts";
import { damage, type DamagePlace, type StartRefusal } from "../storage/refusal.ts";
import type { ChainFile, ShardChain } from "./chain.ts";
import { examineTail, type TailEvidence } from "./evidence.ts";
import { firstFrameAt } from "./file-header.ts";
import type { ExpectedPlace, Frame } from "./frame.ts";
import type { ReplayStart } from "./replay-start.ts";
import { type Scanned, scanFrames } from "./scan.ts";
import type { SyncedPlaces } from "./synced-places.ts";

/** Takes every frame in order; a string says why it cannot be, which is damage. */
export type ReplayVisitor = (shard: number, frame: Frame) => string | undefined;

export interface ReplayDeps {
  readonly env: Env;
  readonly places: SyncedPlaces;
  visit: ReplayVisitor;
  /** A commit stamp that was logged, in a frame or in a file's header. */
  observe(stamp: number): void;
  /** Bytes read of one more file. */
  progress(bytes: number): void;
  /** Whose the frames of a topic id are, for messages. */
  topicName(topicId: number): string | undefined;
  /** Asked between two stretches of the log; what it gives is awaited. */
  breathe(): Promise<void> | undefined;
}

/** The end of a shard's log as it was found. */
export interface ShardEnd {
  readonly shard: number;
  /** All there are, oldest first. */
  readonly files: readonly ChainFile[];
  readonly last: ChainFile | undefined;
  readonly scanned: Scanned | undefined;
  readonly tail: TailEvidence | undefined;
  readonly frames: number;
}

/** One that was replayed from there. */
export interface ReplayedShard extends ShardEnd {
  readonly start: ReplayStart;
}

export async function replayShard(
  deps: ReplayDeps,
  shard: number,
  shards: number,
  { files }: ShardChain,
  start: ReplayStart,
): Promise<ReplayedShard> {
  let frames = 0;
  const { places } = deps;
  for (const [at, file] of files.entries()) {
    deps.observe(file.header.stamp);
    if (at < start.at) continue;
    places.learn(shard, { index: file.header.index, position: Math.max(firstFrameAt, file.header.carriedEnd) });
    const successor = files.at(at + 1);
    const expected: ExpectedPlace = { shard, shards, fileIndex: file.header.index };
    const from = at === start.at ? start.position : firstFrameAt;
    if (from > file.bytes)
      throw damage("a WAL file is shorter than its checkpoint says", { file: file.path, offset: file.bytes });
    const handle = await deps.env.fs.open(file.path, "read");
    try {
      const visit = (frame: Frame): string | undefined => {
        frames++;
        frame.synced.forEach((place, other) => places.learn(other, place));
        deps.observe(frame.fields.stamp);
        return deps.visit(shard, frame);
      };
      const range = {
        expected,
        from,
        startHash: from === firstFrameAt ? file.headerHash : undefined,
        declaredEnd: successor?.header.predecessor.end,
        fileBytes: file.bytes,
      };
      const found = await scanFrames(handle, range, visit, () => deps.breathe());
      const scanned = found.hash === undefined ? await withLastFrame(deps, file, handle, expected, found) : found;
      deps.progress(scanned.end - from);
      if (scanned.preparedBytes > file.bytes)
        throw damage("a WAL file is shorter than its frames say", { file: file.path, offset: file.bytes });
      if (successor) {
        const declared = successor.header.predecessor;
        if (scanned.end !== declared.end || scanned.hash !== declared.hash)
          throw refuse(deps, file, scanned, "damaged before the end that its successor declares");
      } else {
        const tail = await examineTail(handle, file.bytes, scanned.end, scanned.stopped, expected, places);
        return { shard, files, last: file, scanned, tail, frames, start };
      }
    } finally {
      await handle.close();
    }
  }
  return { shard, files, last: undefined, scanned: undefined, tail: undefined, frames, start };
}

/**
 * Nothing lies behind a checkpoint's position: with which hash the log ends, and how, is what the last frame before says.
 *
 * Where frames do lie behind it, the first one's predecessor hash is taken as it is. That loses nothing: the checkpoint
 * calls the place synced, so no tear can reach across it, and whatever may be wrong before it is contained in the
 * checkpoint; and a frame that is valid at its own offset of a file that is never recycled can only be the one written
 * there, because no place in a WAL file is ever written twice.
 */
async function withLastFrame(
  deps: ReplayDeps,
  file: ChainFile,
  handle: File,
  expected: ExpectedPlace,
  found: Scanned,
): Promise<Scanned> {
  const { end } = found;
  const range = { expected, from: firstFrameAt, startHash: file.headerHash, declaredEnd: end, fileBytes: end };
  const before = await scanFrames(handle, range, () => undefined);
  if (before.end !== end) throw refuse(deps, file, before, "damaged before the place that its checkpoint calls synced");
  return { ...before, stopped: found.stopped };
}

/** Refuses a bad end that no torn write explains, or that something calls synced (6.2). */
export function judge(deps: ReplayDeps, end: ShardEnd): void {
  const { last, scanned, tail } = end;
  const known = deps.places.of(end.shard);
  if (!last || !scanned || !tail) return;
  if (known.index > last.header.index)
    throw damage(`WAL file ${known.index} of shard ${end.shard} is missing: other frames speak of it`, {
      file: last.path,
    });
  if (!tail.torn) throw refuse(deps, last, scanned, "damaged");
  if (known.position > scanned.end && known.index === last.header.index)
    throw refuse(deps, last, scanned, "damaged in a place that was synced");
}

function refuse(deps: ReplayDeps, file: ChainFile, scanned: Scanned, what: string): StartRefusal {
  const { stopped } = scanned;
  const why = stopped.why === "end" ? "the log ends early" : stopped.reason;
  const fields = stopped.why === "body" || stopped.why === "foreign" ? stopped.fields : undefined;
  const topic = fields && deps.topicName(fields.topicId);
  const place: DamagePlace = {
    file: file.path,
    offset: scanned.end,
    ...(stopped.why === "body" ? { length: stopped.length } : {}),
    ...(topic === undefined ? {} : { topic }),
    ...(fields && fields.count > 0 ? { firstSeq: fields.firstSeq, lastSeq: fields.firstSeq + fields.count - 1 } : {}),
  };
  return damage(`a WAL file is ${what}: ${why}`, place);
}
