/** The checkpoint that a repair begins with (spec 6.4, 6.6): the newest good one, of those that the manifest names if it can be. */
import { checkpointNumbersIn } from "../../checkpoint/reader.ts";
import { CheckpointDamage } from "../../checkpoint/damage.ts";
import { readTopics, type WholeSection } from "../../engine/checkpoint-codec.ts";
import { type OpenedState, readState } from "../../engine/kept-checkpoints.ts";
import type { NamedSegment } from "../../engine/segments.ts";
import { type Env, errnoOf } from "../../env/env.ts";
import { StartRefusal } from "../../storage/refusal.ts";
import { checkpointFileName, joinPath } from "../../storage/layout.ts";
import { decodeSection, type TopicSection } from "../../topic/section.ts";
import type { Survey } from "../survey.ts";
import type { DamagedFile } from "./found-blocks.ts";

export interface Base {
  readonly number: number;
  readonly stamp: number;
  readonly whole: WholeSection;
  readonly segments: readonly NamedSegment[];
  /** Of topics that were there. */
  readonly topics: readonly TopicSection[];
}

export interface FoundBase {
  readonly base: Base | undefined;
  readonly damaged: readonly DamagedFile[];
}

export async function findBase(env: Env, { directory, manifest, names }: Survey): Promise<FoundBase> {
  const damaged: DamagedFile[] = [];
  const { checkpoints, directoryId } = manifest;
  const present = checkpointNumbersIn(names);
  const others = present.filter((number) => !checkpoints.includes(number));
  for (const numbers of [checkpoints, others])
    for (const number of numbers.toReversed()) {
      const file = joinPath(directory, checkpointFileName(number));
      const found = await read(env, directory, directoryId, number);
      if (typeof found !== "string") return { base: found, damaged };
      damaged.push({ file, what: found });
    }
  return { base: undefined, damaged };
}

async function read(env: Env, directory: string, directoryId: string, number: number): Promise<Base | string> {
  try {
    const state = await readState(env, directory, directoryId, number);
    return typeof state === "string" ? state : await withTopics(state);
  } catch (error) {
    if (error instanceof StartRefusal || error instanceof CheckpointDamage) return error.reason;
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno;
  }
}

async function withTopics(state: OpenedState): Promise<Base | string> {
  const { kept, whole } = state;
  const gone = new Set(whole.gone.map(({ id }) => id));
  const sections: TopicSection[] = [];
  for await (const { payload } of state.topics())
    for (const text of readTopics(payload)) {
      const section = decodeSection(text);
      if (section === undefined) return "the section of a topic is malformed";
      if (!gone.has(section.id)) sections.push(section);
    }
  return { number: kept.number, stamp: kept.stamp, whole, segments: kept.segments, topics: sections };
}
