/**
 * The checkpoints of a directory that a start found good, or that were written and read back since (spec 6.4). Two are kept;
 * nothing that one of them needs is retired, and with fewer than two nothing is.
 */
import { openCheckpoint } from "../checkpoint/reader.ts";
import type { Section } from "../checkpoint/format.ts";
import type { Env } from "../env/env.ts";
import { checkpointFileName, joinPath } from "../storage/layout.ts";
import type { Manifest } from "../storage/manifest.ts";
import { damage, StartRefusal } from "../storage/refusal.ts";
import type { LogPlace } from "../wal/commit.ts";
import { readSegments, readWhole, sectionKind, type WholeSection } from "./checkpoint-codec.ts";
import type { EngineEvents } from "./events.ts";
import type { NamedSegment } from "./segments.ts";

export const checkpointsKept = 2;

export interface KeptCheckpoint {
  readonly number: number;
  readonly bytes: number;
  readonly stamp: number;
  readonly from: readonly LogPlace[];
  readonly segments: readonly NamedSegment[];
}

/** The one to start from, and the ones that count, oldest first. */
export interface FoundCheckpoints {
  readonly kept: readonly KeptCheckpoint[];
  readonly newest: OpenedState | undefined;
}

export interface OpenedState {
  readonly kept: KeptCheckpoint;
  readonly whole: WholeSection;
  /** The topics' sections, a bundle at a time. */
  topics(): AsyncGenerator<Section>;
}

/** Reads every checkpoint that the manifest names. Refuses when one is missing, or when there are some and none is good. */
export async function findCheckpoints(
  env: Env,
  directory: string,
  manifest: Manifest,
  events: EngineEvents,
): Promise<FoundCheckpoints> {
  const kept: KeptCheckpoint[] = [];
  let newest: OpenedState | undefined;
  for (const number of manifest.checkpoints) {
    const opened = await readState(env, directory, manifest.directoryId, number);
    if (typeof opened === "string") {
      events({ type: "checkpoint-damaged", number, reason: opened });
      continue;
    }
    kept.push(opened.kept);
    newest = opened;
  }
  const last = manifest.checkpoints.at(-1);
  if (last !== undefined && newest === undefined)
    throw damage("no checkpoint is readable", { file: joinPath(directory, checkpointFileName(last)) });
  return { kept, newest };
}

/** A string says why it is not good. */
export async function readState(
  env: Env,
  directory: string,
  directoryId: string,
  number: number,
): Promise<OpenedState | string> {
  const path = joinPath(directory, checkpointFileName(number));
  const opened = await openCheckpoint(env, directory, directoryId, number);
  if (opened.outcome === "absent") throw damage("a checkpoint that the manifest names is missing", { file: path });
  if (opened.outcome === "version") throw new StartRefusal("version", opened.reason, { file: path });
  if (opened.outcome === "damaged") return `${opened.reason} at offset ${opened.at}`;
  let whole: WholeSection | undefined;
  let segments: readonly NamedSegment[] | undefined;
  for await (const section of opened.sections()) {
    if (section.kind === sectionKind.whole) whole = readWhole(section.payload);
    else if (section.kind === sectionKind.segments) segments = readSegments(section.payload);
    else if (section.kind !== sectionKind.topics) return `a section of kind ${section.kind}, which is not known`;
    if (whole !== undefined && segments !== undefined) break;
  }
  if (whole === undefined || segments === undefined) return "its first sections are malformed";
  const { head, bytes } = opened;
  return {
    kept: { number, bytes, stamp: head.stamp, from: whole.from, segments },
    whole,
    topics: () => topicsOf(opened.sections()),
  };
}

async function* topicsOf(sections: AsyncGenerator<Section>): AsyncGenerator<Section> {
  for await (const section of sections) if (section.kind === sectionKind.topics) yield section;
}
