/**
 * Topics from a checkpoint (spec 6.4, 6.5): the segment files that it names, which must all be there, what their `.del`
 * say, and a topic for each section. The log behind the checkpoint's places is still to be replayed.
 */
import { type Env, errnoOf } from "../env/env.ts";
import { readDeletes, type DeletedRange } from "../segment/delete-file.ts";
import type { Tier } from "../segment/files.ts";
import { decodeSegmentHeader, segmentHeaderBytes } from "../segment/format.ts";
import { readFully } from "../storage/io.ts";
import {
  checkpointFileName,
  deleteFileName,
  joinPath,
  parseDeleteFileName,
  parseSegmentFileName,
  segmentFileName,
} from "../storage/layout.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import type { PartReads } from "../topic/part-reads.ts";
import { decodeSection, type TopicSection } from "../topic/section.ts";
import { SealedPart } from "../topic/sealed-part.ts";
import { Topic } from "../topic/topic.ts";
import { shardNumber } from "../wal/wal.ts";
import { readTopics } from "./checkpoint-codec.ts";
import type { FoundCheckpoints } from "./kept-checkpoints.ts";
import type { ShardTopicDeps } from "./replayer.ts";
import type { NamedSegment, Segments } from "./segments.ts";

export interface RestoreDeps {
  readonly env: Env;
  readonly directory: string;
  readonly coldDirectory: string | undefined;
  readonly directoryId: string;
  /** The directory had a cold one. */
  readonly hasColdTier: boolean;
  readonly segments: Segments;
  readonly topicDeps: ShardTopicDeps;
  readonly reads: PartReads;
}

/**
 * The segment files that kept checkpoints name. The others are left over from something that was interrupted, or a damaged
 * checkpoint named them: what is returned removes them, once it is certain that nobody will look into them for anything.
 */
export async function findSegments(deps: RestoreDeps, found: FoundCheckpoints): Promise<() => Promise<void>> {
  const { env, directory, coldDirectory, segments } = deps;
  const hot = await segmentsIn(env, directory);
  const cold = coldDirectory === undefined ? new Set<number>() : await segmentsIn(env, coldDirectory);
  const named = new Map<number, NamedSegment>();
  for (const { segments: list } of found.kept) for (const one of list) named.set(one.file, one);
  for (const segment of named.values()) {
    const { file } = segment;
    const tier = hot.has(file) ? "hot" : cold.has(file) ? "cold" : undefined;
    if (tier === undefined) {
      const path = joinPath(directory, segmentFileName(file));
      const hint = coldHint(coldDirectory, deps.hasColdTier);
      throw damage(`a segment file that a checkpoint names is missing${hint}`, { file: path });
    }
    const path = joinPath(tier === "hot" ? directory : coldDirectory!, segmentFileName(file));
    const bytes = (await env.fs.stat(path))?.size ?? 0;
    if (bytes !== segment.bytes)
      throw damage(`a segment file has ${bytes} bytes, not ${segment.bytes}`, {
        file: path,
        offset: Math.min(bytes, segment.bytes),
      });
    const unknown = await unknownVersion(env, path, tier);
    if (unknown !== undefined) throw new StartRefusal("version", `a segment file: ${unknown}`, { file: path });
    segments.adopt(segment, tier);
    segments.startAt(file + 1);
  }
  for (const file of [...hot, ...cold]) segments.startAt(file + 1);
  for (const kept of found.kept) segments.hold(kept, new Set(kept.segments.map(({ file }) => file)));
  const leftovers = await findLeftovers(deps, named, hot, cold);
  return () => removeAll(env, leftovers);
}

/**
 * Of a segment file: what is in it is read much later, and must not be guessed at then. A header that is damaged, or that
 * the disk does not give, is nobody's concern here: what a checkpoint names is found without it.
 */
async function unknownVersion(env: Env, path: string, tier: Tier): Promise<string | undefined> {
  const header = new Uint8Array(segmentHeaderBytes);
  try {
    // On the calling thread that is a few microseconds for each of thousands of files; a cold disk may take its time.
    if (tier === "hot") env.fs.readSync(path, header, 0);
    else await readInto(env, path, header);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
  const decoded = decodeSegmentHeader(header);
  return decoded.outcome === "version" ? decoded.reason : undefined;
}

async function readInto(env: Env, path: string, into: Uint8Array): Promise<void> {
  const file = await env.fs.open(path, "read");
  try {
    await readFully(file, into, 0);
  } finally {
    await file.close();
  }
}

/** By directory: everything that no kept checkpoint names was on its way in, or on its way out. */
async function findLeftovers(
  { env, directory, coldDirectory }: RestoreDeps,
  named: ReadonlyMap<number, NamedSegment>,
  hot: ReadonlySet<number>,
  cold: ReadonlySet<number>,
): Promise<Map<string, readonly string[]>> {
  const isTemporary = (name: string): boolean => /^seg-\d{8,}\.(seg|del)\.tmp$/.test(name);
  const stays = (name: string): boolean => {
    const file = parseSegmentFileName(name) ?? parseDeleteFileName(name);
    if (file === undefined) return !isTemporary(name);
    return named.has(file) && (parseDeleteFileName(name) === undefined || named.get(file)?.deletes !== undefined);
  };
  const staysCold = (name: string): boolean => {
    const file = parseSegmentFileName(name);
    if (file === undefined) return !isTemporary(name);
    return named.has(file) && cold.has(file) && !hot.has(file);
  };
  const leftovers = new Map<string, readonly string[]>();
  const look = async (where: string, keep: (name: string) => boolean): Promise<void> => {
    leftovers.set(
      where,
      (await env.fs.readdir(where)).filter((name) => !keep(name)),
    );
  };
  await look(directory, stays);
  if (coldDirectory !== undefined) await look(coldDirectory, staysCold);
  return leftovers;
}

async function removeAll({ fs }: Env, leftovers: ReadonlyMap<string, readonly string[]>): Promise<void> {
  for (const [where, names] of leftovers) {
    for (const name of names) {
      // Tails that were sealed meanwhile may have taken over the name of one that is temporary.
      if ((await fs.stat(joinPath(where, name))) !== undefined) await fs.unlink(joinPath(where, name));
    }
    if (names.length > 0) await fs.syncDir(where);
  }
}

async function segmentsIn(env: Env, directory: string): Promise<Set<number>> {
  const files = new Set<number>();
  for (const name of await env.fs.readdir(directory)) {
    const file = parseSegmentFileName(name);
    if (file !== undefined) files.add(file);
  }
  return files;
}

/** All topics of the newest checkpoint, as they were then but for their tails. */
export async function* restoreTopics(deps: RestoreDeps, found: FoundCheckpoints): AsyncGenerator<Topic> {
  const { newest } = found;
  if (newest === undefined) return;
  const { directory, segments, topicDeps, reads } = deps;
  const path = joinPath(directory, checkpointFileName(newest.kept.number));
  const deaths = await readDeaths(deps, newest.kept.segments);
  // A topic that was deleted while the others were captured.
  const gone = new Set(newest.whole.gone.map(({ id }) => id));
  let count = 0;
  for await (const { payload } of newest.topics()) {
    for (const text of readTopics(payload)) {
      const decoded = decodeSection(text);
      // In checkpoints from before nobody knows which records stand in frames.
      const unframedSeq = newest.whole.derives ? decoded?.unframedSeq : decoded?.state.head;
      const section = decoded && { ...decoded, unframedSeq: unframedSeq ?? 0 };
      if (section === undefined) throw damage("a topic's section of a checkpoint is malformed", { file: path });
      count++;
      if (gone.has(section.id)) continue;
      const parts = partsOf(section, deaths, segments, reads, path);
      const topic = Topic.fromSection(section, parts, topicDeps[shardNumber(section.id, topicDeps.length)]);
      if (!topic.restoreJobs(section))
        throw damage("what a checkpoint says of a topic's jobs is malformed", { file: path });
      yield topic;
    }
  }
  if (count !== newest.whole.topics)
    throw damage(`a checkpoint has ${count} topics, not ${newest.whole.topics}`, { file: path });
}

type Deaths = ReadonlyMap<string, readonly DeletedRange[]>;

function partsOf(
  section: TopicSection,
  deaths: Deaths,
  segments: Segments,
  reads: PartReads,
  path: string,
): SealedPart[] {
  return section.parts.map(({ entry, liveCount, liveBytes }) => {
    if (!segments.files.has(entry.file))
      throw damage(`a checkpoint speaks of segment file ${entry.file} without naming it`, { file: path });
    const part = new SealedPart(entry, reads, liveCount, liveBytes);
    for (const range of deaths.get(`${entry.file}.${entry.ordinal}`) ?? [])
      if (range.op <= section.op && !part.replayDeaths(range))
        throw damage("a delete file speaks of records that are not there", { file: segments.files.path(entry.file) });
    segments.use(entry);
    return part;
  });
}

async function readDeaths(deps: RestoreDeps, named: readonly NamedSegment[]): Promise<Deaths> {
  const { env, directory, directoryId } = deps;
  const deaths = new Map<string, DeletedRange[]>();
  for (const { file, deletes } of named) {
    if (deletes === undefined) continue;
    const path = joinPath(directory, deleteFileName(file));
    if ((await env.fs.stat(path)) === undefined)
      throw damage("a delete file that the checkpoint names is missing", { file: path });
    const read = await readDeletes(env, path, directoryId, file, deletes);
    if (!read.ok && read.isVersion === true)
      throw new StartRefusal("version", `a delete file: ${read.reason}`, { file: path });
    if (!read.ok) throw damage(`a delete file is damaged: ${read.reason}`, { file: path, offset: read.at });
    for (const range of read.ranges) {
      const key = `${file}.${range.part}`;
      const ranges = deaths.get(key);
      if (ranges === undefined) deaths.set(key, [range]);
      else ranges.push(range);
    }
  }
  return deaths;
}

function coldHint(coldDirectory: string | undefined, hasColdTier: boolean): string {
  if (coldDirectory !== undefined) return `, and not in ${coldDirectory} either`;
  return hasColdTier ? ": it may be in the cold directory, which is not set" : "";
}
