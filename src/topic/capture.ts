/**
 * A topic at one moment, for a checkpoint (spec 6.1, 6.4): what its section says, and from where on its log has to be kept.
 * Of an `ephemeral` topic it is what its log would lead to: records that no frame holds will not be there after a restart.
 */
import { comparePlaces, type LogPlace } from "../wal/commit.ts";
import type { Instance } from "./instance.ts";
import type { SourceNeed } from "./derivations.ts";
import type { SealedPart } from "./sealed-part.ts";
import { encodeSection } from "./section.ts";

/** A topic that nobody has written to for so long gives its ceiling back. */
export const idleCeilingMs = 600_000;

export interface CapturedTopic {
  /** `undefined` for a topic that is not there yet. */
  readonly section: string | undefined;
  readonly op: number;
  /** The oldest frame whose effect is not in the section lies at or behind it; `undefined`: there is none. */
  readonly from: LogPlace | undefined;
  readonly parts: readonly SealedPart[];
  /** What a replay needs of other topics' logs. */
  readonly needs: readonly SourceNeed[];
  /** The source of the link into it: what is not forwarded yet may be, from there, before the capture is done. */
  readonly sourceId: number | undefined;
}

export function capture(topic: Instance, nowMs: number): CapturedTopic {
  const { contents, queue, op } = topic;
  const derivations = contents.needsDerivation();
  const first = derivations?.first;
  const needs = derivations?.needs ?? [];
  const from = earliest([queue.place, contents.retained.tail.place, topic.rebaseFrom, first?.place]);
  const sourceId = contents.link?.source.id;
  if (topic.mode !== "live") return { section: undefined, op, from, parts: [], needs: [], sourceId: undefined };
  lowerIdleCeiling(topic, nowMs);
  const { parts } = contents.retained.sealed;
  const section = encodeSection({
    ...topic.identity,
    config: contents.config,
    op,
    ...contents.logged(),
    ceiling: Math.max(topic.ceiling.declared, contents.headSeq),
    ...captureJobs(topic),
    parts: parts.map(({ entry, liveCount, liveBytes }) => ({ entry, liveCount, liveBytes })),
    link: contents.link,
    derived: first && { ...first, anchor: contents.anchor },
    unframedSeq: contents.unframedSeq,
  });
  return { section, op, from, parts, needs, sourceId };
}

/** Of an `ephemeral` topic the log tells nothing of them, and there is nothing to go on with. */
function captureJobs({ contents }: Instance): { readonly jobs?: unknown; readonly moves?: unknown } {
  const { jobs, moves, retained, config, headSeq } = contents;
  const front = retained.count === 0 ? headSeq + 1 : retained.frontSeq;
  return { jobs: config.durability === "ephemeral" ? undefined : jobs?.capture(), moves: moves.toJson(front) };
}

/** From here on no seq above the head may be assigned before a frame that raises the ceiling again is synced. */
function lowerIdleCeiling({ contents, queue, ceiling, barrier }: Instance, nowMs: number): void {
  const idle = queue.isEmpty && barrier === undefined && nowMs - contents.lastWriteTs > idleCeilingMs;
  if (idle && ceiling.declared > contents.headSeq) ceiling.settle(contents.headSeq);
}

function earliest(places: readonly (LogPlace | undefined)[]): LogPlace | undefined {
  let first: LogPlace | undefined;
  for (const place of places)
    if (place !== undefined && (first === undefined || comparePlaces(place, first) < 0)) first = place;
  return first;
}
