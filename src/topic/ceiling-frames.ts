/** Frames that do nothing but move the seq ceiling (spec 6.1). */
import { frameKind } from "../wal/commit.ts";
import { admitsNow, smallEntryBytes } from "./admission.ts";
import type { Effect } from "./commit-queue.ts";
import { answering } from "./effect.ts";
import { encodeEntry } from "./entries.ts";
import type { Instance } from "./instance.ts";

/** The topic has outrun its ceiling: what is staged behind this frame is answered after its sync. */
export function raiseCeiling(topic: Instance, seq: number): void {
  topic.ceiling.widen(seq, topic.plan.head);
  topic.submitEntry({ kind: "ceiling", lower: false }, { at: "synced" }, onlyClock(topic));
}

/** Where no frames come along that could declare a higher one, and when nothing else is in the way. */
export function raiseCeilingAhead(topic: Instance): void {
  if (!topic.ceiling.isLow(topic.plan.head) || !admitsNow(topic, smallEntryBytes)) return;
  topic.submitEntry({ kind: "ceiling", lower: false }, { at: "handed", wants: "synced" }, onlyClock(topic));
}

/** At a clean stop: no seq above the head was ever assigned. Nothing may be appended until it is decided. */
export function lowerCeiling(topic: Instance): Promise<void> {
  const head = topic.plan.head;
  const { effect, answer } = answering(({ stampMs }) => {
    topic.contents.applyNothing(stampMs);
    topic.ceiling.settle(head);
  });
  const fields = { ...topic.nextFrame(frameKind.ceiling, 0, 0), ceiling: head };
  const payload = encodeEntry({ kind: "ceiling", lower: true });
  topic.submitPayload(fields, payload, { at: "synced", reserve: true }, effect);
  return answer;
}

function onlyClock(topic: Instance): Effect {
  return { publish: ({ stampMs }) => topic.contents.applyNothing(stampMs), fail: () => undefined };
}
