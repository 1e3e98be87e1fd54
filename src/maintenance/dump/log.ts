/** Dumps a WAL file (spec 6.2): header, every frame that is valid by itself, and the stretches between them. */
import { runsOf } from "../../base/seq-runs.ts";
import type { Env, File } from "../../env/env.ts";
import { joinPath, parseWalFileName } from "../../storage/layout.ts";
import { changeToJson } from "../../topic/link-codec.ts";
import { configToCompactJson } from "../../topic/config-codec.ts";
import { decodeAnchors } from "../../topic/anchor-frame.ts";
import { decodeEntry, type Entry, type JobsChange } from "../../topic/entries.ts";
import { frameKind } from "../../wal/commit.ts";
import { decodeFileHeader, firstFrameAt, type WalFileHeader } from "../../wal/file-header.ts";
import { type Frame, maxShards } from "../../wal/frame.ts";
import { readHeader } from "../../wal/read-header.ts";
import { readFully } from "../../storage/io.ts";
import { walkFrames } from "../walk-frames.ts";
import { damageLine, type Field, type Line, type Output, range, stampText, timeText } from "./line.ts";
import { recordLines, recordsSummary } from "./records.ts";

const kindNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(frameKind).map(([name, number]) => [number, name]),
);

export async function dumpLog(env: Env, path: string, payloads: boolean, output: Output): Promise<void> {
  const name = parseWalFileName(path.slice(path.lastIndexOf("/") + 1));
  const file = await env.fs.open(path, "read");
  try {
    const { size } = await file.stat();
    const header = await dumpHeader(file, size, output);
    if (header === "end") return;
    const shards = header?.shards ?? (await shardsOf(file));
    const shard = header?.shard ?? name?.shard ?? 0;
    const index = header?.index ?? name?.index ?? 0;
    const declared = await declaredEnd(env, path, index);
    const expected = { shard, shards, fileIndex: index };
    const walkRange = { expected, from: firstFrameAt, startHash: undefined, limit: size, isDeclared: false };
    let told = declared === undefined;
    const tellEnd = (at: number): void => {
      if (told || declared === undefined || at < declared.at) return;
      told = true;
      output.line({ type: "end", at: declared.at, declaredBy: declared.by });
    };
    await walkFrames(file, walkRange, {
      frame: (frame) => {
        tellEnd(frame.offset);
        dumpFrame(frame, payloads, output);
      },
      bad: ({ at, bytes, reason, fields }) => {
        tellEnd(at);
        output.line(damageLine(at, bytes, reason, fields ? { topic: fields.topicId, op: fields.op } : {}));
      },
      breathe: () => output.room(),
    });
    tellEnd(Infinity);
  } finally {
    await file.close();
  }
}

/** "end" when nothing follows that could be understood. */
async function dumpHeader(file: File, size: number, output: Output): Promise<WalFileHeader | "end" | undefined> {
  const sector = new Uint8Array(512);
  const decoded = decodeFileHeader(sector.subarray(0, await readFully(file, sector, 0)));
  if (decoded.outcome === "header") {
    const { header, hash } = decoded;
    output.line({ ...headerLine(header), hash: hashText(hash), fileBytes: size });
    return header;
  }
  if (decoded.outcome === "blank") output.line({ type: "wal-file", header: "all zero: prepared, or never begun" });
  else output.line(damageLine(0, sector.length, decoded.reason));
  return decoded.outcome === "version" ? "end" : undefined;
}

export function headerLine(header: WalFileHeader): Line {
  const { predecessor, stamp, inode, birthtimeNs, ...rest } = header;
  return {
    type: "wal-file",
    ...rest,
    stamp: stampText(stamp),
    follows: predecessor.index === 0 ? "nothing" : `file ${predecessor.index} up to ${predecessor.end}`,
    ...(predecessor.index === 0 ? {} : { followsHash: hashText(predecessor.hash) }),
    inode: String(inode),
    birthtimeNs: String(birthtimeNs),
  };
}

function dumpFrame(frame: Frame, payloads: boolean, output: Output): void {
  const { fields, offset, length, payload, hash } = frame;
  const { topicId, epoch, op, stamp, firstSeq, count, ceiling } = fields;
  const isAnchors = fields.kind === frameKind.anchor;
  const isOwn = isAnchors || fields.kind === frameKind.mark || fields.kind === frameKind.final;
  const anchors = isAnchors ? decodeAnchors(payload) : undefined;
  const outcome = isOwn ? undefined : decodeEntry(fields.kind, payload);
  output.line({
    type: "frame",
    at: offset,
    bytes: length,
    kind: kindNames[fields.kind] ?? fields.kind,
    ...(isOwn ? {} : { topic: topicId, epoch, op }),
    stamp: stampText(stamp),
    ...(count === 0
      ? {}
      : { seqs: range(firstSeq, lastSeqOf(firstSeq, count, outcome?.ok ? outcome.entry : undefined)) }),
    ...(isOwn ? {} : { ceiling }),
    ...(outcome?.ok === true ? entryFields(outcome.entry) : {}),
    ...(fields.anchor === undefined ? {} : { anchor: { ...fields.anchor } }),
    ...(anchors === undefined
      ? {}
      : { links: anchors.map(({ topicId: topic, epoch: of, anchor }) => ({ topic, epoch: of, ...anchor })) }),
    ...(outcome?.ok === false ? { damaged: outcome.reason } : {}),
    synced: frame.synced.map(({ index, position }) => `${index}@${position}`),
    hash: hashText(hash),
  });
  if (payloads && outcome?.ok && outcome.entry.kind === "records") recordLines(output, firstSeq, outcome.entry.records);
}

function lastSeqOf(firstSeq: number, count: number, entry: Entry | undefined): number {
  return firstSeq + (entry?.kind === "records" ? entry.records.seqDelta(count - 1) : count - 1);
}

function entryFields(entry: Entry): Readonly<Record<string, Field>> {
  switch (entry.kind) {
    case "records":
      return recordsSummary(entry.records);
    case "topicCreate":
      return { name: entry.name, config: configToCompactJson(entry.config) as Readonly<Record<string, Field>> };
    case "topicConfig":
      return { config: configToCompactJson(entry.config) as Readonly<Record<string, Field>> };
    case "topicDelete":
      return {};
    case "recordsDelete": {
      const { beforeSeq, match, bound } = entry.what;
      return { ...(beforeSeq === undefined ? {} : { beforeSeq }), ...(match ? { match: { ...match } } : {}), bound };
    }
    case "ceiling":
      return { lower: entry.lower, ...(entry.floors ? { floors: { ...entry.floors } } : {}) };
    case "hole":
      return {
        hole: range(entry.hole.from, entry.hole.to),
        cause: entry.hole.cause,
        ...(entry.through === undefined ? {} : { through: entry.through }),
      };
    case "routerConfig":
      return changeToJson(entry.change) as Readonly<Record<string, Field>>;
    case "rebase":
      return rebaseFields(entry);
    case "lease":
      return leaseFields(entry.change);
    case "intent": {
      const { seqs, intent } = entry;
      return {
        moves: runsText(seqs),
        ...(intent === undefined ? { cancelled: true } : { to: intent.to, why: intent.why }),
      };
    }
  }
}

function leaseFields({ removed, transition }: JobsChange): Readonly<Record<string, Field>> {
  return {
    ...(removed.length > 0 ? { removed: runsText(removed) } : {}),
    ...(transition === undefined ? {} : { jobs: transition as Field }),
  };
}

function runsText(seqs: readonly number[]): string[] {
  const runs = runsOf(seqs);
  return Array.from({ length: runs.length / 2 }, (_, i) => range(runs[2 * i], runs[2 * i + 1]));
}

function rebaseFields({ step }: Extract<Entry, { kind: "rebase" }>): Readonly<Record<string, Field>> {
  if (step.step === "keys") return { step: "keys", keys: step.keys.map(({ key }) => key) };
  const { head, capFloor, ttlFloor, lastWriteTs, holes } = step.state;
  return {
    step: step.step,
    ...{ head, capFloor, ttlFloor, lastWrite: timeText(lastWriteTs) },
    holes: holes.map(({ from, to, cause }) => `${range(from, to)} ${cause}`),
  };
}

/** Where the file behind it says that it ends, if that is there. */
async function declaredEnd(
  env: Env,
  path: string,
  index: number,
): Promise<{ readonly at: number; readonly by: string } | undefined> {
  const slash = path.lastIndexOf("/");
  const directory = slash < 0 ? "." : path.slice(0, slash) || "/";
  const own = parseWalFileName(path.slice(slash + 1));
  if (own === undefined) return undefined;
  for (const name of (await env.fs.readdir(directory)).sort()) {
    const parsed = parseWalFileName(name);
    if (parsed?.shard !== own.shard || parsed.index <= index) continue;
    const read = await readHeader(env, joinPath(directory, name));
    if (read.outcome === "header" && read.header.predecessor.index === index)
      return { at: read.header.predecessor.end, by: name };
  }
  return undefined;
}

/** As the first frame has it, where no header tells. */
async function shardsOf(file: File): Promise<number> {
  const head = new Uint8Array(12);
  await readFully(file, head, firstFrameAt);
  const shards = head[10];
  return shards >= 1 && shards <= maxShards ? shards : 1;
}

function hashText(hash: bigint): string {
  return hash.toString(16).padStart(16, "0");
}
