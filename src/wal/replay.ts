/**
 * Reads a shard's log from its first file to its last good frame (spec 6.5), in bounded memory. Damage inside is refused
 * at once; what the end means is judged when all shards have been heard (`judge`).
 */
import type { Env } from "../env/env.ts";
import { damage, type DamagePlace, type StartRefusal } from "../storage/refusal.ts";
import type { ChainFile, ShardChain } from "./chain.ts";
import { examineTail, type TailEvidence } from "./evidence.ts";
import { firstFrameAt } from "./file-header.ts";
import type { ExpectedPlace, Frame } from "./frame.ts";
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
}

/** The end of a shard's log as it was found. */
export interface ReplayedShard {
  readonly shard: number;
  /** All there are, oldest first. */
  readonly files: readonly ChainFile[];
  readonly last: ChainFile | undefined;
  readonly scanned: Scanned | undefined;
  readonly tail: TailEvidence | undefined;
  readonly frames: number;
}

export async function replayShard(
  deps: ReplayDeps,
  shard: number,
  shards: number,
  chain: ShardChain,
): Promise<ReplayedShard> {
  let frames = 0;
  const { places } = deps;
  for (const [at, file] of chain.files.entries()) {
    const successor = chain.files[at + 1];
    const expected: ExpectedPlace = { shard, shards, fileIndex: file.header.index };
    places.learn(shard, { index: file.header.index, position: Math.max(firstFrameAt, file.header.carriedEnd) });
    deps.observe(file.header.stamp);
    const handle = await deps.env.fs.open(file.path, "read");
    try {
      const declaredEnd = successor?.header.predecessor.end;
      const scanned = await scanFrames(
        handle,
        { expected, from: firstFrameAt, startHash: file.headerHash, declaredEnd, fileBytes: file.bytes },
        (frame) => {
          frames++;
          frame.synced.forEach((place, other) => places.learn(other, place));
          deps.observe(frame.fields.stamp);
          return deps.visit(shard, frame);
        },
      );
      deps.progress(scanned.end);
      if (scanned.preparedBytes > file.bytes)
        throw damage("a WAL file is shorter than its frames say", { file: file.path, offset: file.bytes });
      if (successor) {
        const declared = successor.header.predecessor;
        if (scanned.end !== declared.end || scanned.hash !== declared.hash)
          throw refuse(deps, file, scanned, "damaged before the end that its successor declares");
      } else {
        const tail = await examineTail(handle, file.bytes, scanned.end, scanned.stopped, expected, places);
        return { shard, files: chain.files, last: file, scanned, tail, frames };
      }
    } finally {
      await handle.close();
    }
  }
  return { shard, files: [], last: undefined, scanned: undefined, tail: undefined, frames };
}

/** Refuses a bad end that no torn write explains, or that something calls synced (6.2). */
export function judge(deps: ReplayDeps, end: ReplayedShard): void {
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
