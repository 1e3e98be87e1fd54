/**
 * `topics verify` (spec 6.6): reads everything of a data directory that is not in use, names every damaged file with its
 * place, and writes nothing. Each file is judged by itself and by what the others say of it; then a start is tried, so
 * that whatever a server would refuse is found here too.
 */
import { type Env, errnoOf } from "../../env/env.ts";
import {
  joinPath,
  lockName,
  manifestName,
  parseCheckpointFileName,
  parseDeleteFileName,
  parseSegmentFileName,
  parseWalFileName,
  reserveName,
  temporarySuffix,
} from "../../storage/layout.ts";
import { shareLock } from "../../storage/lock.ts";
import type { DamagePlace, StartRefusal } from "../../storage/refusal.ts";
import { findLog } from "../found-log.ts";
import type { Progress } from "../progress.ts";
import { readOnlyEnv } from "../read-only-fs.ts";
import { type CutTail, type FoundHole, rehearseStart } from "../rehearsal.ts";
import { type Damage, type FileKind, type FileReport, Finding, type Outcome, worst } from "../report.ts";
import { type Survey, survey } from "../survey.ts";
import { verifyCheckpoints } from "./checkpoints.ts";
import { verifyCold } from "./cold.ts";
import { verifyLog } from "./log.ts";
import { verifySegments } from "./segments.ts";
import { TopicNames } from "./topic-names.ts";

export interface VerifyOptions {
  readonly env: Env;
  readonly directory: string;
  readonly cold: string | undefined;
  readonly progress: Progress;
}

/** What a server would do with the directory now. */
export type StartReport =
  | {
      readonly outcome: "starts";
      readonly topics: number;
      readonly records: number;
      readonly cuts: readonly CutTail[];
      readonly holes: readonly FoundHole[];
    }
  | { readonly outcome: "refused"; readonly reason: string }
  | { readonly outcome: "not-tried"; readonly reason: string };

/** Spare: prepared for the log, and not used yet. Leftover: of something that was interrupted, or has been replaced. */
export interface UnnamedFile {
  readonly file: string;
  readonly what: "spare" | "leftover" | "foreign";
}

export interface VerifyReport {
  readonly directory: string;
  readonly outcome: Outcome;
  /** Why nothing was looked at. */
  readonly reason?: string;
  readonly directoryId?: string;
  readonly files: readonly FileReport[];
  /** Files that nothing names. They are no damage, and a start may remove some. */
  readonly unnamed: readonly UnnamedFile[];
  readonly start: StartReport;
}

export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { env, directory } = options;
  try {
    const lock = await shareLock(env, directory);
    if (lock.outcome === "busy") return untold(directory, `it is in use by another process: ${lock.holder}`);
    try {
      return await new Verification(options, lock.outcome === "held" && lock.latchNoted).run();
    } finally {
      if (lock.outcome === "held") await lock.release();
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const path = (error as { readonly path?: unknown }).path;
    return untold(directory, `${errno}${typeof path === "string" ? `: ${path}` : ""}`);
  }
}

function untold(directory: string, reason: string): VerifyReport {
  const start = { outcome: "not-tried", reason } as const;
  return { directory, outcome: "inconclusive", reason, files: [], unnamed: [], start };
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #latchNoted: boolean;
  /** Nothing is written through it. */
  readonly #env: Env;
  readonly #findings = new Map<string, Finding>();
  readonly #failed = new Map<string, string>();
  readonly #names = new TopicNames();

  constructor(options: VerifyOptions, latchNoted: boolean) {
    this.#options = options;
    this.#latchNoted = latchNoted;
    this.#env = readOnlyEnv(options.env, {
      read: (bytes) => options.progress.advance(bytes),
      failed: (path, errno) => this.#failed.set(path, errno),
    });
  }

  async run(): Promise<VerifyReport> {
    const { directory, cold } = this.#options;
    const found = await survey(this.#env, directory, cold);
    if (isForeign(found)) return untold(directory, "there is no data directory here");
    await this.#expect(found);
    this.#checkManifest(found);
    const { problem, manifest } = found;
    if (problem?.outcome === "version" || problem?.outcome === "unreadable")
      return this.#report(found, new Set(), { outcome: "not-tried", reason: `the manifest: ${problem.reason}` });
    const deps = {
      env: this.#env,
      directoryId: manifest.directoryId,
      names: this.#names,
      finding: (path: string) => this.#finding(path),
      reading: (path: string) => this.#options.progress.at(path),
      hasFailed: (path: string) => this.#failed.has(path),
    };
    const claims = await verifyCheckpoints(deps, found);
    const log = await findLog(this.#env, found);
    await verifyLog(
      deps,
      log,
      claims.flatMap(({ whole }) => [whole.from, whole.synced]),
    );
    await verifyCold(deps, found);
    const isComplete = await verifySegments(deps, found, claims);
    for (const finding of this.#findings.values()) this.#settle(finding);
    const start = isComplete
      ? await this.#rehearse()
      : ({ outcome: "not-tried", reason: "the cold directory was not given" } as const);
    return this.#report(found, log.spares, start);
  }

  /** Everything once, and the log once more for the start. */
  async #expect({ directory, cold, names, coldNames }: Survey): Promise<void> {
    let bytes = 0;
    const add = async (where: string, name: string, times: number): Promise<void> => {
      bytes += times * ((await this.#env.fs.stat(joinPath(where, name)))?.size ?? 0);
    };
    for (const name of names) await add(directory, name, parseWalFileName(name) ? 2 : name === reserveName ? 0 : 1);
    for (const name of cold === undefined ? [] : coldNames) await add(cold!, name, 1);
    this.#options.progress.expect(bytes);
  }

  #checkManifest(found: Survey): void {
    const { directory, problem } = found;
    const finding = this.#finding(joinPath(directory, manifestName));
    if (problem?.outcome === "absent" && hasData(found)) finding.damaged("it is missing, and there is data");
    else if (problem?.outcome === "absent") finding.note("there is none, and no data: a start makes a fresh directory");
    else if (problem?.outcome === "damaged") finding.damaged(problem.reason, { offset: 0 });
    else if (problem !== undefined) finding.unsure(problem.reason);
    if (this.#latchNoted)
      this.#finding(joinPath(directory, lockName)).note(
        "a latch note stands in it: the page cache is no witness, and the next start assumes that power was lost",
      );
  }

  /** What calls said that nobody has made anything of. */
  #settle(finding: Finding): void {
    const errno = this.#failed.get(finding.file);
    if (errno !== undefined) finding.unsure(errno);
  }

  async #rehearse(): Promise<StartReport> {
    const { directory, cold, progress } = this.#options;
    progress.at("a start");
    this.#failed.clear();
    const rehearsal = await rehearseStart(this.#env, directory, cold);
    if (rehearsal.outcome === "refused") {
      this.#refused(rehearsal.refusal);
      return { outcome: "refused", reason: rehearsal.refusal.message };
    }
    return rehearsal;
  }

  #refused({ kind, reason, place, message }: StartRefusal): void {
    const { directory } = this.#options;
    const finding = this.#finding(place?.file ?? directory);
    if (kind !== "damage") return finding.unsure(message);
    // A file that could not be read has no say in what a start would find in it.
    if (this.#failed.has(finding.file)) return finding.unsure(this.#failed.get(finding.file)!);
    const known = finding.damages.some(({ offset }) => place?.offset === undefined || offset === place.offset);
    if (known) return;
    finding.damaged(`a start refuses: ${reason}`, placeIn(place));
  }

  #report(found: Survey, spares: ReadonlySet<string>, start: StartReport): VerifyReport {
    const { directory, cold, manifest } = found;
    const files = [...this.#findings.values()].map((finding) => finding.report);
    const checked = new Set(files.map(({ file }) => file));
    const ours = new Set([lockName, manifestName, manifestName + temporarySuffix, reserveName]);
    const unnamed = [
      ...found.names.filter((name) => !ours.has(name)).map((name) => ({ where: directory, name })),
      ...found.coldNames.map((name) => ({ where: cold ?? "", name })),
    ]
      .map(({ where, name }): UnnamedFile => {
        const what = spares.has(joinPath(where, name)) ? "spare" : isLeftover(name) ? "leftover" : "foreign";
        return { file: joinPath(where, name), what };
      })
      .filter(({ file }) => !checked.has(file));
    const outcome = worst(files.map((file) => file.outcome));
    const { directoryId } = manifest;
    return { directory, outcome, directoryId, files, unnamed, start };
  }

  #finding(path: string): Finding {
    let finding = this.#findings.get(path);
    if (finding === undefined) {
      finding = new Finding(path, kindOf(path, this.#options.directory));
      this.#findings.set(path, finding);
    }
    return finding;
  }
}

/** Without the file. */
function placeIn(place: DamagePlace | undefined): Omit<Damage, "what"> {
  if (place === undefined) return {};
  const { offset, length, topic, firstSeq, lastSeq } = place;
  const entries = Object.entries({ offset, length, topic, firstSeq, lastSeq });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function kindOf(path: string, directory: string): FileKind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (path === directory) return "directory";
  if (name === manifestName) return "manifest";
  if (name === lockName) return "lock";
  if (parseWalFileName(name)) return "wal";
  if (parseSegmentFileName(name) !== undefined) return "segment";
  if (parseCheckpointFileName(name) !== undefined) return "checkpoint";
  return parseDeleteFileName(name) === undefined ? "cold" : "deletes";
}

/** Nothing that a server has ever made: a path that was mistyped is not a good directory. */
function isForeign({ names }: Survey): boolean {
  return !names.some((name) => name === lockName || name === manifestName || isData(name));
}

function hasData({ names }: Survey): boolean {
  return names.some(isData);
}

function isLeftover(name: string): boolean {
  const plain = name.endsWith(temporarySuffix) ? name.slice(0, -temporarySuffix.length) : name;
  return isData(plain) || parseDeleteFileName(plain) !== undefined;
}

function isData(name: string): boolean {
  return [parseWalFileName, parseSegmentFileName, parseCheckpointFileName].some((parse) => parse(name) !== undefined);
}
