/**
 * `topics dump DIR|FILE` (spec 6.6): what is in the files of a data directory, as lines. Damage is shown where it is, and the
 * dump goes on behind it. Nothing is written; a directory in use is read all the same, and that is said.
 */
import { type Env, errnoOf } from "../../env/env.ts";
import {
  checkpointFileName,
  coldName,
  deleteFileName,
  joinPath,
  manifestName,
  parseCheckpointFileName,
  parseDeleteFileName,
  parseSegmentFileName,
  parseWalFileName,
} from "../../storage/layout.ts";
import { shareLock } from "../../storage/lock.ts";
import { openSegment } from "../../segment/reader.ts";
import { readOnlyEnv } from "../read-only-fs.ts";
import { findLog } from "../found-log.ts";
import { type Survey, survey } from "../survey.ts";
import { walkFrames } from "../walk-frames.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import { dumpCheckpoint } from "./checkpoint.ts";
import { dumpDeletes } from "./deletes.ts";
import { damageLine, type Line, type Output, range, stampText } from "./line.ts";
import { dumpLog } from "./log.ts";
import { dumpManifest } from "./manifest.ts";
import { dumpSegment } from "./segment.ts";

export interface DumpOptions {
  readonly env: Env;
  readonly path: string;
  readonly cold: string | undefined;
  /** Records, too. */
  readonly payloads: boolean;
  readonly output: Output;
}

/** Damaged: some line says so. Untold: it could not be read, or belongs to nothing that this program makes. */
export type DumpOutcome = "ok" | "damaged" | "inconclusive";

export async function dump(options: DumpOptions): Promise<DumpOutcome> {
  const watched = watch(options.output);
  const env = readOnlyEnv(options.env, { read: () => undefined, failed: () => undefined });
  try {
    const stat = await env.fs.stat(options.path);
    if (stat === undefined) throw Object.assign(new Error("ENOENT"), { code: "ENOENT", path: options.path });
    const isDirectory = stat.kind === "directory";
    const busy = await whoHolds(options.env, isDirectory ? options.path : parentOf(options.path));
    if (busy !== undefined)
      watched.line({ type: "note", text: `in use by another process (${busy}): what is shown may change meanwhile` });
    const inner = { ...options, env, output: watched };
    if (isDirectory) await dumpDirectory(inner);
    else if (!(await dumpFile(inner))) {
      watched.line({ type: "note", text: "not a file of this program, by its name" });
      return "inconclusive";
    }
    if (!watched.damaged) return "ok";
    // What a server writes at the same time is not damage.
    return busy === undefined ? "damaged" : "inconclusive";
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const { path } = error as { readonly path?: unknown };
    watched.line({ type: "note", text: `${errno}: ${typeof path === "string" ? path : options.path}` });
    return "inconclusive";
  }
}

interface WatchedOutput extends Output {
  readonly damaged: boolean;
}

function watch(output: Output): WatchedOutput {
  let damaged = false;
  return {
    get damaged() {
      return damaged;
    },
    line: (line: Line) => {
      if (line.type === "damage" || line.type === "lost" || line["damaged"] !== undefined) damaged = true;
      output.line(line);
    },
    room: () => output.room(),
  };
}

async function whoHolds(env: Env, directory: string): Promise<string | undefined> {
  const lock = await shareLock(env, directory);
  if (lock.outcome === "held") await lock.release();
  return lock.outcome === "busy" ? lock.holder : undefined;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash) || "/";
}

/** False when its name says nothing. */
async function dumpFile({ env, path, payloads, output }: DumpOptions): Promise<boolean> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === manifestName) await dumpManifest(env, path, output);
  else if (parseWalFileName(name)) await dumpLog(env, path, payloads, output);
  else if (parseSegmentFileName(name) !== undefined) await dumpSegment(env, path, payloads, output);
  else if (parseDeleteFileName(name) !== undefined) await dumpDeletes(env, path, output);
  else if (parseCheckpointFileName(name) !== undefined) await dumpCheckpoint(env, path, output);
  else return false;
  return true;
}

async function dumpDirectory(options: DumpOptions): Promise<void> {
  const { env, path, cold, output } = options;
  const found = await survey(env, path, cold);
  await dumpManifest(env, joinPath(path, manifestName), output);
  if (found.problem !== undefined && found.problem.outcome === "absent")
    output.line({ type: "note", text: "what follows is what files say of themselves" });
  for (const number of found.manifest.checkpoints) {
    const name = checkpointFileName(number);
    if (found.names.includes(name)) await dumpCheckpoint(env, joinPath(path, name), output);
    else output.line({ type: "damage", file: name, reason: "it is missing" });
  }
  await dumpLogFiles(options, found);
  await dumpSegmentFiles(options, found);
}

async function dumpLogFiles({ env, output }: DumpOptions, found: Survey): Promise<void> {
  const { shards, spares } = await findLog(env, found);
  for (const { shard, shards: count, files } of shards)
    for (const { path, index, named, bytes, header, headerHash, problem, end } of files) {
      const file = path.slice(path.lastIndexOf("/") + 1);
      if (problem !== undefined) output.line({ type: "damage", file, reason: problem.reason });
      if (problem?.what === "missing" || problem?.what === "unreadable") continue;
      const seen = { frames: 0, bad: 0, firstStamp: 0, lastStamp: 0 };
      const handle = await env.fs.open(path, "read");
      try {
        const limit = Math.min(end?.position ?? bytes, bytes);
        const expected = { shard, shards: count, fileIndex: index };
        const walkRange = { expected, from: firstFrameAt, startHash: headerHash, limit, isDeclared: end !== undefined };
        const { end: lastEnd } = await walkFrames(handle, walkRange, {
          frame: ({ fields }) => {
            seen.frames++;
            if (seen.firstStamp === 0) seen.firstStamp = fields.stamp;
            seen.lastStamp = fields.stamp;
          },
          bad: (bad) => output.line(damageLine(bad.at, bad.bytes, bad.reason, { file })),
        });
        output.line({
          type: "log-file",
          file,
          ...{ shard, index, named },
          ...(header === undefined ? {} : { generation: header.generation, follows: header.predecessor.index }),
          fileBytes: bytes,
          frames: seen.frames,
          ...(seen.frames === 0 ? {} : { stamps: `${stampText(seen.firstStamp)}..${stampText(seen.lastStamp)}` }),
          end: end?.position ?? lastEnd,
          endIs: end === undefined ? "the last frame" : "declared",
        });
      } finally {
        await handle.close();
      }
    }
  for (const path of spares)
    output.line({ type: "log-file", file: path.slice(path.lastIndexOf("/") + 1), spare: true });
}

async function dumpSegmentFiles({ env, output, cold, path }: DumpOptions, found: Survey): Promise<void> {
  const places = [
    { tier: "hot", directory: path, names: found.names },
    { tier: "cold", directory: cold ?? "", names: found.coldNames },
  ];
  for (const { tier, directory, names } of places)
    for (const name of names) {
      const file = parseSegmentFileName(name);
      if (name === coldName || file === undefined) continue;
      const opened = await openSegment(env, joinPath(directory, name));
      if (opened.outcome !== "segment") {
        output.line({
          type: "damage",
          file: name,
          reason: opened.outcome === "version" ? opened.reason : opened.errno,
        });
        continue;
      }
      const { segment } = opened;
      const { header, parts = [], damages, bytes } = segment;
      await segment.close();
      for (const { at, bytes: length, reason } of damages) output.line(damageLine(at, length, reason, { file: name }));
      output.line({
        type: "segment-file",
        file: name,
        tier,
        fileBytes: bytes,
        ...(header === undefined ? {} : { stamp: stampText(header.stamp) }),
        records: parts.reduce((sum, { records }) => sum + records, 0),
        parts: parts.map(({ topicId, firstSeq, lastSeq }) => `${topicId}: ${range(firstSeq, lastSeq)}`),
        deletes: found.names.includes(deleteFileName(file)),
      });
      await output.room();
    }
}
