/**
 * Deleting records by request (spec 1.7, 2.8): decided at the call, for what has been assigned by then, staged records
 * included; in force when it is acked, by the topic's class.
 */
import type { Predicate } from "../base/predicate.ts";
import { frameKind } from "../wal/commit.ts";
import { admission, smallEntryBytes } from "./admission.ts";
import { logFloors } from "./ceiling-frames.ts";
import { answering } from "./effect.ts";
import { resolve, type ResolvedDelete } from "./deletes.ts";
import { encodeEntry, type RecordsDelete } from "./entries.ts";
import { ackStage, type Instance, stampMsOf } from "./instance.ts";
import { unreadable } from "./long-poll.ts";

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
    const resolved = nothingSealed(topic, request) ?? (await resolveSealed(topic, request));
    if (resolved.version !== topic.contents.retained.sealed.version) continue;
    topic.assertThere();
    if (topic.barrier === undefined && takesNothing(topic, request, resolved)) return report(topic, 0);
    const framed = isFramed(topic);
    const wait = framed ? admission(topic, smallEntryBytes, { reserve: true, patient: false }) : topic.barrier;
    if (wait === undefined) return stage(topic, request, bound(), resolved, framed);
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

/** Where no tag is looked for among sealed records nothing has to be read. */
function nothingSealed(topic: Instance, { match }: TopicDelete): ResolvedDelete | undefined {
  const { sealed } = topic.contents.retained;
  return match === undefined || sealed.count === 0 ? { version: sealed.version, matches: [] } : undefined;
}

/** A part that cannot be read fails the call: what it may hold must not stay behind. */
async function resolveSealed(topic: Instance, { match }: TopicDelete): Promise<ResolvedDelete> {
  try {
    return await resolve(topic.contents.retained, match, topic.deps.parts);
  } catch (error) {
    throw unreadable(topic, error);
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
  request: TopicDelete,
  bound: number,
  resolved: ResolvedDelete,
  framed: boolean,
): Promise<TopicDeleteResult> {
  const beforeSeq = request.beforeSeq === undefined ? undefined : Math.min(request.beforeSeq, bound + 1);
  const what: RecordsDelete = { beforeSeq, match: request.match, bound };
  const { effect, answer } = answering(
    ({ stampMs }) => {
      topic.heldMs.shift();
      return report(topic, topic.contents.applyDelete(stampMs, what, resolved));
    },
    () => topic.heldMs.shift(),
  );
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
