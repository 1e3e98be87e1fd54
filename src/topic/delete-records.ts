/**
 * Deleting records by request (spec 1.7, 2.8): decided at the call, for what has been assigned by then, staged records
 * included; in force when it is acked, by the topic's class.
 */
import type { Predicate } from "../base/predicate.ts";
import { frameKind } from "../wal/commit.ts";
import { admission, smallEntryBytes } from "./admission.ts";
import { logFloors } from "./ceiling-frames.ts";
import { answering } from "./effect.ts";
import { lastOf, resolveCut, resolvedAtHand, type ResolvedDelete, resolveMatch } from "./deletes.ts";
import { encodeEntry, type RecordsDelete } from "./entries.ts";
import { ackStage, type Instance, stampMsOf } from "./instance.ts";
import { isLost, unreadable } from "./long-poll.ts";

export interface TopicDelete {
  readonly beforeSeq: number | undefined;
  readonly match: Predicate | undefined;
}

export interface TopicDeleteResult {
  readonly deleted: number;
  readonly earliestSeq: number;
  readonly headSeq: number;
  readonly count: number;
  readonly bytes: number;
}

export async function deleteRecords(topic: Instance, request: TopicDelete): Promise<TopicDeleteResult> {
  const bound = presentNow(topic);
  for (;;) {
    topic.assertThere();
    const what: RecordsDelete = { ...request, bound: bound() };
    const resolved = resolvedAtHand(topic.contents.retained, what) ?? (await resolveSealed(topic, what));
    if (resolved === undefined) continue;
    let wait: Promise<void> | undefined;
    let isStaged = false;
    try {
      if (resolved.version !== topic.contents.retained.sealed.version || what.bound !== bound()) continue;
      topic.assertThere();
      if (topic.barrier === undefined && takesNothing(topic, request, resolved)) return report(topic, 0);
      const framed = isFramed(topic);
      wait = framed ? admission(topic, smallEntryBytes, { reserve: true, patient: false }) : topic.barrier;
      if (wait === undefined) {
        isStaged = true;
        return stage(topic, what, resolved, framed);
      }
    } finally {
      if (!isStaged) resolved.letGo();
    }
    await wait;
  }
}

/** The last record that is there at the call. What is staged may fail before the delete is, and others get its seqs. */
function presentNow(topic: Instance): () => number {
  const { plan, contents } = topic;
  const { headSeq } = contents;
  const { head } = plan;
  return () => (topic.plan === plan ? head : Math.min(head, headSeq));
}

/**
 * A part that cannot be read fails the call, for what it may hold must not stay behind. `undefined`: look again, because the
 * part has left the topic meanwhile, or a sound one has taken its place.
 */
async function resolveSealed(topic: Instance, what: RecordsDelete): Promise<ResolvedDelete | undefined> {
  const { deps, contents } = topic;
  const { retained } = contents;
  const through = lastOf(what);
  const part = what.match === undefined ? retained.partCutAt(through) : undefined;
  try {
    if (what.match !== undefined) return await resolveMatch(retained, what.match, deps.parts);
    return part && (await resolveCut(retained, part, through, deps.parts));
  } catch (error) {
    if (part !== undefined && !retained.sealed.parts.includes(part)) return undefined;
    const failure = unreadable(topic, error);
    if (part !== undefined && isLost(error) && (await deps.rescue(topic.identity.id, part))) return undefined;
    throw failure;
  }
}

/** With nothing staged, what is not there now will not be there then. */
function takesNothing(topic: Instance, { beforeSeq, match }: TopicDelete, resolved: ResolvedDelete): boolean {
  if (!topic.queue.isEmpty) return false;
  if (beforeSeq !== undefined && beforeSeq <= topic.view().earliestSeq) return true;
  if (match === undefined || resolved.matches.length > 0) return false;
  return (topic.contents.retained.tail.labels.tags?.matching(match) ?? []).length === 0;
}

/** An `ephemeral` topic may still have records in the log, from when it was of another class. */
function isFramed(topic: Instance): boolean {
  return topic.plan.config.durability !== "ephemeral" || topic.contents.hasLogged || !topic.queue.isEmpty;
}

function stage(
  topic: Instance,
  { match, bound, beforeSeq }: RecordsDelete,
  resolved: ResolvedDelete,
  framed: boolean,
): Promise<TopicDeleteResult> {
  const what: RecordsDelete = {
    beforeSeq: beforeSeq === undefined ? undefined : Math.min(beforeSeq, bound + 1),
    match,
    bound,
  };
  const end = (): void => {
    topic.heldMs.shift();
    resolved.letGo();
  };
  const { effect, answer } = answering(({ stampMs }) => {
    const deleted = topic.contents.applyDelete(stampMs, what, resolved);
    end();
    return report(topic, deleted);
  }, end);
  if (framed) {
    logFloors(topic);
    const fields = topic.nextFrame(frameKind.recordsDelete, 0, 0);
    topic.heldMs.push(stampMsOf(fields.stamp));
    const ack = { at: ackStage[topic.plan.config.durability], reserve: true };
    topic.submitPayload(fields, encodeEntry({ kind: "recordsDelete", what }), ack, effect);
  } else {
    topic.heldMs.push(topic.deps.clock.nowMs());
    topic.queue.stageWithoutFrame(topic.deps.clock.nowMs(), effect);
  }
  return answer;
}

function report(topic: Instance, deleted: number): TopicDeleteResult {
  const { earliestSeq, count, bytes } = topic.view();
  return { deleted, earliestSeq, headSeq: topic.contents.headSeq, count, bytes };
}
