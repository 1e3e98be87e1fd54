/**
 * What the directory itself, of which the backup is, knows of its seqs (spec 6.7): every ceiling in its checkpoints and in
 * its log, however it was left. Only when all of it could be read it is certain that no seq was handed out beyond that.
 */
import { readTopics } from "../../engine/checkpoint-codec.ts";
import { readState } from "../../engine/kept-checkpoints.ts";
import { type Env, errnoOf } from "../../env/env.ts";
import type { Manifest } from "../../storage/manifest.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { decodeSection } from "../../topic/section.ts";
import { firstFrameAt } from "../../wal/file-header.ts";
import { findLog, type FoundFile, type FoundShard } from "../found-log.ts";
import { survey } from "../survey.ts";
import { walkFrames } from "../walk-frames.ts";
import type { KnownSeqs } from "./known-seqs.ts";

/** Why something may be missing; `undefined` when nothing is. Nobody has it open. */
export async function readLiveSeqs(
  env: Env,
  directory: string,
  known: KnownSeqs,
): Promise<{ readonly problem: string | undefined; readonly manifest: Manifest }> {
  const found = await survey(env, directory, undefined);
  const { manifest, problem } = found;
  const problems = problem === undefined ? [] : [`the manifest: ${problem.reason}`];
  for (const number of manifest.checkpoints)
    problems.push(...(await readCheckpoint(env, directory, manifest, number, known)));
  const log = await findLog(env, found);
  for (const { path, reason } of log.unreadable) problems.push(`${path}: ${reason}`);
  for (const shard of log.shards)
    for (const file of shard.files) problems.push(...(await readFile(env, shard, file, known)));
  return { problem: problems[0], manifest };
}

async function readCheckpoint(
  env: Env,
  directory: string,
  { directoryId }: Manifest,
  number: number,
  known: KnownSeqs,
): Promise<string[]> {
  const state = await readState(env, directory, directoryId, number).catch((error: unknown) => {
    if (error instanceof StartRefusal) return error.message;
    throw error;
  });
  if (typeof state === "string") return [`checkpoint ${number}: ${state}`];
  for await (const { payload } of state.topics())
    for (const text of readTopics(payload)) {
      const section = decodeSection(text);
      if (section === undefined) return [`checkpoint ${number}: a topic's section is malformed`];
      known.addSection(section);
    }
  return [];
}

async function readFile(env: Env, shard: FoundShard, found: FoundFile, known: KnownSeqs): Promise<string[]> {
  const { path, problem, bytes, index, headerHash } = found;
  if (problem !== undefined) return [`${path}: ${problem.reason}`];
  if (found.endUnknown) return [`${path}: where it ends is not known`];
  const problems: string[] = [];
  const file = await env.fs.open(path, "read");
  try {
    const expected = { shard: shard.shard, shards: shard.shards, fileIndex: index };
    const limit = Math.min(found.end?.position ?? bytes, bytes);
    const range = { expected, from: firstFrameAt, startHash: headerHash, limit, isDeclared: found.end !== undefined };
    await walkFrames(file, range, {
      frame: ({ fields, payload }) => known.addFrame(fields, payload),
      bad: ({ at, reason }) => void problems.push(`${path}: ${reason} at ${at}`),
    });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    problems.push(`${path}: ${errno}`);
  } finally {
    await file.close();
  }
  return problems;
}
