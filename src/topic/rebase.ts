/**
 * How an `ephemeral` topic becomes durable (spec 6.1): its state, its keys and its retained records go into the log, in
 * steps; the change of class itself comes last, so that a crash in between leaves an `ephemeral` topic. Runs behind the
 * topic's barrier: nothing else is staged, only time passes.
 */
import { frameKind } from "../wal/commit.ts";
import { admitted } from "./admission.ts";
import type { Contents } from "./contents.ts";
import { answering } from "./effect.ts";
import { encodeEntry, type RebaseStep } from "./entries.ts";
import type { Instance } from "./instance.ts";
import { unreadable } from "./long-poll.ts";
import { gatherRetained, type RetainedBatch } from "./retained-batch.ts";

const keysPerStep = 1000;

export async function logRetained(topic: Instance): Promise<void> {
  const { contents } = topic;
  const from = topic.deps.log.place();
  topic.rebaseFrom = from;
  try {
    await logSteps(topic, contents);
    await logDelays(topic, contents);
    contents.retained.tail.logged(from);
    contents.framed();
  } finally {
    topic.rebaseFrom = undefined;
  }
}

async function logSteps(topic: Instance, contents: Contents): Promise<void> {
  await logStep(topic, () => ({ step: "begin", state: { ...contents.state, head: headBeforeRetained(contents) } }));
  const keys = contents.dedupe.remembered();
  for (let from = 0; from < keys.length; from += keysPerStep) {
    await logStep(topic, () => ({ step: "keys", keys: keys.slice(from, from + keysPerStep) }));
  }
  for (let last: number | undefined = 0; last !== undefined;) last = await logBatchBehind(topic, last);
  await logStep(topic, () => ({ step: "end", state: contents.state }));
}

/** Delays of jobs are not in the records that were logged again. */
async function logDelays(topic: Instance, { jobs }: Contents): Promise<void> {
  const transition = jobs?.delays();
  if (transition === undefined) return;
  const payload = encodeEntry({ kind: "lease", change: { removed: [], transition } });
  await admitted(topic, payload.length);
  topic.assertThere();
  const { effect, answer } = answering(({ stampMs }) => topic.contents.applyNothing(stampMs));
  topic.submitPayload(topic.nextFrame(frameKind.lease, 0, 0), payload, { at: "written" }, effect);
  await answer;
}

function headBeforeRetained({ retained, headSeq }: Contents): number {
  return retained.count === 0 ? headSeq : retained.frontSeq - 1;
}

/** A step is made once there is room for it: retention goes on meanwhile. */
async function logStep(topic: Instance, make: () => RebaseStep): Promise<void> {
  await admitted(topic, encodeEntry({ kind: "rebase", step: make() }).length);
  topic.assertThere();
  const step = make();
  const payload = encodeEntry({ kind: "rebase", step });
  const { effect, answer } = answering(({ stampMs }) => {
    if (step.step === "end") topic.contents.endRebase(stampMs, step.state);
    else topic.contents.applyNothing(stampMs);
  });
  topic.submitPayload(topic.nextFrame(frameKind.rebase, 0, 0), payload, { at: "written" }, effect);
  await answer;
}

/** Logs the next records behind `last`; returns the last of them, `undefined` when there are none. */
async function logBatchBehind(topic: Instance, last: number): Promise<number | undefined> {
  const expected = gathered(topic, last);
  if (expected === undefined) return undefined;
  await admitted(topic, expected.plan.layout.payloadBytes);
  topic.assertThere();
  const batch = gathered(topic, last);
  if (batch === undefined) return undefined;
  const { layout } = batch.plan;
  const fields = topic.nextFrame(frameKind.records, batch.firstSeq, layout.plan.count);
  const draft = topic.deps.log.draft(fields, layout.payloadBytes);
  batch.plan.write(draft.payload);
  const { effect, answer } = answering(({ stampMs }) => topic.contents.applyNothing(stampMs));
  topic.submit(draft, { at: "written" }, effect);
  await answer;
  return batch.lastSeq;
}

function gathered(topic: Instance, last: number): RetainedBatch | undefined {
  try {
    return gatherRetained(topic.contents.retained, last);
  } catch (error) {
    throw unreadable(topic, error);
  }
}
