/**
 * `topics restore` (spec 6.7): a directory of its own id that is what a backup was, or what it and the archive behind it were
 * at a moment. Checkpoint and segment files are the backup's under new headers; the log behind the checkpoint's places is
 * sealed anew as far as the moment; then the engine itself starts on it, gives every topic its hole, and stops. So nothing
 * appears that a server would not start on. Backup, archive and live directory are only read.
 */
import { makeDirectory } from "../../engine/directory.ts";
import type { Env } from "../../env/env.ts";
import { parentOf } from "../../storage/layout.ts";
import { type LookedAtLock, shareLock } from "../../storage/lock.ts";
import type { Manifest } from "../../storage/manifest.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { discoverChains } from "../../wal/chain.ts";
import { toHex } from "../../wal/file-header.ts";
import type { Progress } from "../progress.ts";
import { readManifest } from "../read-manifest.ts";
import { readStates } from "../read-states.ts";
import { directorySize, type Started, startAndStop } from "../start-and-stop.ts";
import { beginDirectory, whileLocked } from "../unfinished.ts";
import { KnownSeqs } from "./known-seqs.ts";
import { readLiveSeqs } from "./live-seqs.ts";
import { archivedPieces, livePieces, type LogPiece } from "./log-pieces.ts";
import { type Moment, parseMoment, stampText } from "./moment.ts";
import type { Move } from "./new-files.ts";
import { plan } from "./plan.ts";
import { RestoreRefused } from "./refused.ts";
import { RestoredFiles, type RestoreSources } from "./restored-files.ts";
import { SourceLog } from "./source-log.ts";

export interface RestoreOptions {
  readonly env: Env;
  readonly backup: string;
  readonly to: string;
  readonly archive: string | undefined;
  /** A time or TOPIC@SEQ; `undefined`: as far as the log at hand goes. */
  readonly until: string | undefined;
  /** The directory that the backup was made of, stopped. */
  readonly live: string | undefined;
  /** Above the highest seq known; by default enough, or nothing where the live directory says it all. */
  readonly seqGap: number | undefined;
  readonly progress: Progress;
}

export interface RestoreReport {
  readonly directory: string;
  readonly directoryId: string;
  readonly parent: string;
  /** When the last commit was made that is in it; `undefined` when there is none. */
  readonly restoredTo: string | undefined;
  readonly topics: number;
  readonly records: number;
  readonly files: number;
  readonly bytes: number;
  readonly seqGap: number;
  /** Seqs that are given up. */
  readonly holes: readonly { readonly topic: string; readonly from: number; readonly to: number }[];
  /** What may not be as it was expected. */
  readonly notes: readonly string[];
}

export const defaultSeqGap = 2 ** 32;
const maxSeqGap = 2 ** 48;

/** Rejects with a `RestoreRefused`, `StartRefusal`, `NameTaken`, or the errno of the disk. */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { env, backup, seqGap } = options;
  const moment = options.until === undefined ? undefined : parseMoment(options.until);
  if (seqGap !== undefined && !(Number.isInteger(seqGap) && seqGap >= 0 && seqGap <= maxSeqGap))
    throw new RestoreRefused(`a gap of ${seqGap} seqs: it is a whole number from 0 to ${maxSeqGap}`);
  if (seqGap === 0 && options.live === undefined)
    throw new RestoreRefused(
      "without the live directory (--live) nobody can say how far seqs have come since: a gap of 0 could hand one out twice",
    );
  const manifest = await readManifest(env, backup);
  return whileUnused(env, [backup, options.live], () => restoreFrom(options, manifest, moment));
}

async function restoreFrom(
  options: RestoreOptions,
  manifest: Manifest,
  moment: Moment | undefined,
): Promise<RestoreReport> {
  const { env, backup, progress } = options;
  const { log, nextLayoutStamp } = await openLog(options, manifest);
  const states = await readStates(env, backup, manifest);
  const known = new KnownSeqs();
  const planned = await plan({ states, log, known, nextLayoutStamp }, moment);
  const seqs = await seqsOf(options, manifest, known);
  const { idCeiling } = seqs;
  const notes = [...planned.notes, ...seqs.notes];
  return build(options, { manifest, log, planned, known, idCeiling, progress }, { ...seqs, notes });
}

interface OpenedLog {
  readonly log: SourceLog;
  readonly nextLayoutStamp: number;
}

/** The directory's own log counts only where a moment is asked for: otherwise the backup, with the archive, is. */
async function openLog({ env, backup, archive, live, until }: RestoreOptions, manifest: Manifest): Promise<OpenedLog> {
  const { directoryId, layouts } = manifest;
  const layout = layouts.length - 1;
  const chains = await discoverChains(env, backup, directoryId, layouts, layout);
  const pieces = chains.shards.map(({ files }) => files.map((file) => ({ ...file, origin: "backup" as const })));
  const ofLayout = (one: LogPiece): boolean => one.header.layout === layout;
  const archived = archive === undefined ? [] : await archivedPieces(env, archive, directoryId);
  const lived = live === undefined ? [] : await livePieces(env, live, directoryId);
  const others = [...archived, ...(until === undefined ? [] : lived)];
  const later = others.filter(({ header }) => header.layout > layout).map(({ header }) => header.stamp);
  const log = await SourceLog.open(env, pieces, others.filter(ofLayout), lived.filter(ofLayout));
  return { log, nextLayoutStamp: Math.min(Infinity, ...later) };
}

/** No server has any of these directories open, and none starts on them meanwhile. */
async function whileUnused<T>(
  env: Env,
  directories: readonly (string | undefined)[],
  work: () => Promise<T>,
): Promise<T> {
  const locks: LookedAtLock[] = [];
  try {
    for (const directory of directories) {
      if (directory === undefined) continue;
      const lock = await shareLock(env, directory);
      if (lock.outcome === "busy")
        throw new StartRefusal("busy", `${directory} is in use by another process: ${lock.holder}`);
      locks.push(lock);
    }
    return await work();
  } finally {
    for (const lock of locks) if (lock.outcome === "held") await lock.release();
  }
}

/** Which gap each topic gets. */
interface Seqs {
  readonly gap: number;
  readonly idCeiling: number;
  readonly notes: readonly string[];
  gapOf(topicId: number): number;
}

async function seqsOf({ env, live, seqGap }: RestoreOptions, manifest: Manifest, known: KnownSeqs): Promise<Seqs> {
  const { idCeiling } = manifest;
  if (live === undefined) {
    const gap = seqGap ?? defaultSeqGap;
    return { gap, idCeiling, notes: [], gapOf: () => gap };
  }
  const lived = new KnownSeqs();
  const found = await readLiveSeqs(env, live, lived);
  known.addAll(lived);
  if (found.problem !== undefined && seqGap === 0)
    throw new RestoreRefused(`a gap of 0 is not safe: the live directory could not be read whole (${found.problem})`);
  const notes = found.problem === undefined ? [] : [`the live directory could not be read whole: ${found.problem}`];
  const gap = seqGap ?? (found.problem === undefined ? 0 : defaultSeqGap);
  // What is not in the live directory any more was deleted there, and how far it had come by then is forgotten.
  const gapOf = (id: number): number => (lived.has(id) ? gap : Math.max(gap, defaultSeqGap));
  return { gap, idCeiling: Math.max(idCeiling, found.manifest.idCeiling), notes, gapOf };
}

async function build(options: RestoreOptions, sources: RestoreSources, seqs: Seqs): Promise<RestoreReport> {
  const { env, to, backup } = options;
  const { manifest, known } = sources;
  await makeDirectory(env, parentOf(to));
  const made = await beginDirectory(env, to, "restore");
  try {
    const toId = toHex(env.random.bytes(16));
    const move: Move = {
      env,
      from: backup,
      fromId: manifest.directoryId,
      to: made.path,
      toId,
      between: () => undefined,
    };
    const lastStamp = await whileLocked(env, made.path, () => new RestoredFiles(sources, move).write());
    const restoredTo = (topic: { readonly id: number; readonly name: string }, knownSeq: number): number =>
      Math.max(knownSeq, known.of(topic.name)) + seqs.gapOf(topic.id);
    const started = await startAndStop(env, made.path, { restoredTo });
    const size = await directorySize(env, made.path);
    await made.finish();
    return {
      ...reportOf(started, seqs),
      ...size,
      directory: to,
      directoryId: toId,
      parent: manifest.directoryId,
      restoredTo: lastStamp === 0 ? undefined : stampText(lastStamp),
    };
  } catch (error) {
    await made.abandon();
    throw error;
  }
}

function reportOf(
  { topics, records, holes }: Started,
  { gap, notes }: Seqs,
): Pick<RestoreReport, "topics" | "records" | "holes" | "seqGap" | "notes"> {
  return { topics, records, holes, seqGap: gap, notes };
}
