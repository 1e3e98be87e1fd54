/**
 * Frames that move the seq ceiling and do nothing else (spec 6.1). Those of an `ephemeral` topic say how far it has evicted:
 * no frame tells of the records that did it, and what is in the log from before must not come back at a restart.
 */
import { frameKind } from "../wal/commit.ts";
import { admitsNow, smallEntryBytes } from "./admission.ts";
import type { Committed, Effect } from "./commit-queue.ts";
import { answering } from "./effect.ts";
import { encodeEntry, type SmallEntry } from "./entries.ts";
import { ackStage, type Instance } from "./instance.ts";

/** The topic has outrun its ceiling: what is staged behind this frame is answered after its sync. */
export function raiseCeiling(topic: Instance, seq: number): void {
  topic.ceiling.widen(seq, topic.plan.head);
  topic.submitEntry(ceilingEntry(topic, false), { at: "synced" }, onlyClock(topic));
}

/** Where no frames come along that could declare a higher one, and when nothing else is in the way. */
export function raiseCeilingAhead(topic: Instance): void {
  const due = topic.ceiling.isLow(topic.plan.head) || topic.contents.floorsUnlogged;
  if (due && admitsNow(topic, smallEntryBytes)) logCeiling(topic);
}

/** Ahead of derived copies, which can only be found again from where a frame says that they begin (3.3). */
export function logAnchor(topic: Instance): void {
  const { plan } = topic;
  if (plan.link !== undefined) plan.anchor = { source: plan.link.cursor, dest: plan.head };
  plan.anchorDue = false;
  topic.submitEntry(ceilingEntry(topic, false), { at: ackStage[plan.config.durability] }, onlyClock(topic));
}

/** Ahead of a frame that is to last: what was evicted before it has to last as well. */
export function logFloors(topic: Instance): void {
  if (topic.contents.floorsUnlogged) logCeiling(topic);
}

function logCeiling(topic: Instance): void {
  topic.submitEntry(ceilingEntry(topic, false), { at: "handed", wants: "synced" }, onlyClock(topic));
}

/** At a clean stop: no seq above the head was ever assigned. Nothing may be appended until it is decided. */
export function lowerCeiling(topic: Instance): Promise<void> {
  const head = topic.plan.head;
  const { effect, answer } = answering(({ stampMs }) => {
    topic.contents.applyNothing(stampMs);
    topic.contents.floorsLogged();
    topic.ceiling.settle(head);
  });
  const fields = { ...topic.nextFrame(frameKind.ceiling, 0, 0), ceiling: head };
  const payload = encodeEntry(ceilingEntry(topic, true));
  topic.submitPayload(fields, payload, { at: "synced", reserve: true }, effect);
  return answer;
}

function ceilingEntry({ contents }: Instance, lower: boolean): SmallEntry {
  const { capFloor, ttlFloor } = contents.watermarks;
  const says = contents.config.durability === "ephemeral" && contents.watermarks.evictFloor > 1;
  return says ? { kind: "ceiling", lower, floors: { capFloor, ttlFloor } } : { kind: "ceiling", lower };
}

function onlyClock(topic: Instance): Effect {
  const publish = ({ stampMs }: Committed): void => {
    topic.contents.applyNothing(stampMs);
    topic.contents.floorsLogged();
  };
  return { publish, fail: () => undefined };
}
