/**
 * Verifies checkpoints (spec 6.4, 6.6): every one that the manifest names, read whole, its sections decoded and held
 * against each other. What they say of segment files is kept for those files' turn.
 */
import { openCheckpoint } from "../../checkpoint/reader.ts";
import type { Section } from "../../checkpoint/format.ts";
import { readSegments, readTopics, readWhole, sectionKind, type WholeSection } from "../../engine/checkpoint-codec.ts";
import type { NamedSegment } from "../../engine/segments.ts";
import type { Env } from "../../env/env.ts";
import { type PartEntry, partToJson } from "../../segment/part-entry.ts";
import { decodeSection, type TopicSection } from "../../topic/section.ts";
import { shardNumber } from "../../wal/wal.ts";
import { checkpointFileName, joinPath } from "../../storage/layout.ts";
import { attempt } from "../attempt.ts";
import type { Finding } from "../report.ts";
import type { Survey } from "../survey.ts";
import type { TopicNames } from "./topic-names.ts";

/** What a sound checkpoint asks of other files. */
export interface CheckpointClaims {
  readonly number: number;
  readonly whole: WholeSection;
  readonly segments: ReadonlyMap<number, NamedSegment>;
  /** By `file.ordinal`: the part's entry as text. */
  readonly parts: ReadonlyMap<string, string>;
}

export interface CheckpointDeps {
  readonly env: Env;
  readonly names: TopicNames;
  finding(path: string): Finding;
  reading(path: string): void;
  /** Whether a call on that file has failed. */
  hasFailed(path: string): boolean;
}

/** The claims of the sound ones, oldest first. */
export async function verifyCheckpoints(deps: CheckpointDeps, found: Survey): Promise<CheckpointClaims[]> {
  const claims: CheckpointClaims[] = [];
  for (const number of found.manifest.checkpoints) {
    const path = joinPath(found.directory, checkpointFileName(number));
    const finding = deps.finding(path);
    deps.reading(path);
    const claimed = await attempt(finding, () => verifyOne(deps, found, number, path));
    if (claimed !== undefined) claims.push(claimed);
  }
  return claims;
}

async function verifyOne(
  deps: CheckpointDeps,
  { directory, manifest }: Survey,
  number: number,
  path: string,
): Promise<CheckpointClaims | undefined> {
  const finding = deps.finding(path);
  const opened = await openCheckpoint(deps.env, directory, manifest.directoryId, number);
  if (opened.outcome === "absent") finding.damaged("it is missing, and the manifest names it");
  else if (opened.outcome === "version") finding.unsure(opened.reason);
  else if (opened.outcome === "damaged") {
    // What could not be read is not known to be damaged.
    if (!deps.hasFailed(path)) finding.damaged(opened.reason, { offset: opened.at });
  } else {
    const check = new SectionCheck(deps, finding, number, manifest.layouts.at(-1)!.shards);
    for await (const section of opened.sections()) check.take(section);
    return check.end();
  }
  return undefined;
}

class SectionCheck {
  readonly #deps: CheckpointDeps;
  readonly #finding: Finding;
  readonly #number: number;
  readonly #shards: number;
  readonly #parts = new Map<string, string>();
  readonly #ids = new Set<number>();
  readonly #topicNames = new Set<string>();
  #whole: WholeSection | undefined;
  #segments: ReadonlyMap<number, NamedSegment> | undefined;
  #topics = 0;

  constructor(deps: CheckpointDeps, finding: Finding, number: number, shards: number) {
    this.#deps = deps;
    this.#finding = finding;
    this.#number = number;
    this.#shards = shards;
  }

  take({ kind, shard, payload }: Section): void {
    if (kind === sectionKind.whole) this.#whole = this.#once(this.#whole, readWhole(payload), "whole");
    else if (kind === sectionKind.segments)
      this.#segments = this.#once(this.#segments, segmentMap(payload), "segments");
    else if (kind === sectionKind.topics) for (const text of readTopics(payload)) this.#topic(shard, text);
    else this.#finding.damaged(`a section of kind ${kind}, which is not known`);
  }

  end(): CheckpointClaims | undefined {
    const [whole, segments, finding] = [this.#whole, this.#segments, this.#finding];
    finding.count("topics", this.#topics);
    if (whole === undefined) finding.damaged("the section that speaks of the whole is missing or malformed");
    if (segments === undefined) finding.damaged("the section of segment files is missing or malformed");
    if (whole === undefined || segments === undefined) return undefined;
    if (whole.topics !== this.#topics) finding.damaged(`it has ${this.#topics} topics, and says ${whole.topics}`);
    if (whole.from.length !== this.#shards)
      finding.damaged(`it is of ${whole.from.length} shards, and the log has ${this.#shards}`);
    for (const key of this.#parts.keys())
      if (!segments.has(Number.parseInt(key, 10))) finding.damaged(`it does not name the segment file of part ${key}`);
    if (finding.damages.length > 0) return undefined;
    return { number: this.#number, whole, segments, parts: this.#parts };
  }

  #once<T>(before: T | undefined, now: T | undefined, what: string): T | undefined {
    if (before !== undefined) this.#finding.damaged(`it has two sections of kind "${what}"`);
    return now;
  }

  #topic(shard: number, text: string): void {
    this.#topics++;
    const section = decodeSection(text);
    if (section === undefined) return this.#finding.damaged("the section of a topic is malformed");
    const { id, name } = section;
    const wrong = this.#wrongIn(section, shard);
    if (wrong !== undefined) this.#finding.damaged(wrong, { topic: name });
    this.#ids.add(id);
    // One that was deleted while the others were captured may have left its name to another.
    const isGone = this.#whole?.gone.some((gone) => gone.id === id);
    if (!isGone) this.#topicNames.add(name);
    this.#deps.names.learn(id, name);
    for (const { entry } of section.parts) this.#parts.set(keyOf(entry), entryText(entry));
  }

  #wrongIn({ id, name, parts }: TopicSection, shard: number): string | undefined {
    if (this.#ids.has(id)) return `topic id ${id} is there twice`;
    const isGone = this.#whole?.gone.some((gone) => gone.id === id);
    if (!isGone && this.#topicNames.has(name)) return "the name is there twice";
    if (shardNumber(id, this.#shards) !== shard) return `a topic of shard ${shard} that belongs to another`;
    const twice = parts.find(({ entry }) => this.#parts.has(keyOf(entry)));
    return twice && `part ${keyOf(twice.entry)} is there twice`;
  }
}

function segmentMap(payload: Uint8Array): ReadonlyMap<number, NamedSegment> | undefined {
  const segments = readSegments(payload);
  return segments && new Map(segments.map((segment) => [segment.file, segment]));
}

function keyOf({ file, ordinal }: PartEntry): string {
  return `${file}.${ordinal}`;
}

/** As the file's own directory of parts must have it. */
export function entryText(entry: PartEntry): string {
  return JSON.stringify(partToJson(entry));
}
