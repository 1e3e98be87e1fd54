/**
 * How an `ephemeral` topic becomes durable (spec 6.1): its state, its keys and its retained records go into the log, in
 * steps; the change of class itself comes last, so that a crash in between leaves an `ephemeral` topic. Runs behind the
 * topic's barrier: nothing else is staged, only time passes.
 */
import { frameKind } from "../wal/commit.ts";
import { admitted } from "./admission.ts";
import { answering } from "./effect.ts";
import { encodeEntry, type RebaseStep } from "./entries.ts";
import type { Instance } from "./instance.ts";
import { gatherRetained, type RetainedBatch } from "./retained-batch.ts";

const keysPerStep = 1000;

export async function logRetained(topic: Instance): Promise<void> {
  const { contents } = topic;
  contents.expire(topic.deps.clock.nowMs());
  const first = contents.tail.nextLive(0);
  const head = first === 0 ? contents.headSeq : first - 1;
  await logStep(topic, { step: "begin", state: { ...contents.state, head } });
  const keys = contents.dedupe.remembered();
  for (let from = 0; from < keys.length; from += keysPerStep) {
    await logStep(topic, { step: "keys", keys: keys.slice(from, from + keysPerStep) });
  }
  for (let next = contents.tail.nextLive(0); next !== 0;) {
    const batch = gatherRetained(contents.tail, next);
    await logBatch(topic, batch);
    next = contents.tail.nextLive(batch.lastSeq);
  }
  await logStep(topic, { step: "end", state: contents.state });
}

async function logStep(topic: Instance, step: RebaseStep): Promise<void> {
  const payload = encodeEntry({ kind: "rebase", step });
  await admitted(topic, payload.length);
  topic.assertThere();
  const { effect, answer } = answering(({ stampMs }) => {
    if (step.step === "end") topic.contents.endRebase(stampMs, step.state);
    else topic.contents.applyNothing(stampMs);
  });
  topic.submitPayload(topic.nextFrame(frameKind.rebase, 0, 0), payload, { at: "written" }, effect);
  await answer;
}

async function logBatch(topic: Instance, batch: RetainedBatch): Promise<void> {
  await admitted(topic, batch.layout.payloadBytes);
  topic.assertThere();
  const fields = topic.nextFrame(frameKind.records, batch.firstSeq, batch.layout.plan.count);
  const draft = topic.deps.log.draft(fields, batch.layout.payloadBytes);
  batch.write(draft.payload);
  const { effect, answer } = answering(({ stampMs }) => topic.contents.applyNothing(stampMs));
  topic.submit(draft, { at: "written" }, effect);
  await answer;
}
