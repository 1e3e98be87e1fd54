/**
 * What happens to jobs, as commits of their topic (spec 5, 6.1): records that are acked or moved away go, and what their
 * keeper wants to be found again is logged. In force at its ack, by the topic's class or, for moves, when it is synced.
 */
import { frameKind } from "../wal/commit.ts";
import { admission } from "./admission.ts";
import { logFloors } from "./ceiling-frames.ts";
import type { Committed } from "./commit-queue.ts";
import type { ResolvedDelete } from "./deletes.ts";
import { answering } from "./effect.ts";
import { encodeEntry, type JobsChange, type SmallEntry } from "./entries.ts";
import { type Ack, ackStage, type Instance, stampMsOf } from "./instance.ts";
import { unreadable } from "./long-poll.ts";
import { resolveSeqs, seqsInTail } from "./remove-seqs.ts";

export interface JobsCommit extends JobsChange {
  /** Synced before it is in force, whatever the class. */
  readonly synced: boolean;
  /** May use the reserve when the disk is full (6.6). */
  readonly reserve: boolean;
  /** Called as it comes into force, before anybody else looks: with how many of the records were there. */
  readonly publish: (removed: number) => void;
}

/** Resolves when it is in force, with the time that the sync took, where one was waited for. */
export async function changeJobs(topic: Instance, commit: JobsCommit): Promise<{ readonly fsyncMs: number }> {
  const { removed, transition } = commit;
  for (;;) {
    topic.assertThere();
    const resolved = seqsInTail(topic.contents.retained, removed) ?? (await resolve(topic, removed));
    if (resolved.version !== topic.contents.retained.sealed.version) continue;
    topic.assertThere();
    if (!isFramed(topic, removed.length > 0)) {
      if (topic.barrier === undefined) return stageWithoutFrame(topic, commit, resolved);
      await topic.barrier;
      continue;
    }
    const payload = encodeEntry({ kind: "lease", change: { removed, transition } });
    const wait = admission(topic, payload.length, { reserve: commit.reserve, patient: true });
    if (wait === undefined) return stage(topic, commit, resolved, payload);
    await wait;
  }
}

/** Promises, or takes back, that records go into another topic; synced when it resolves. */
export async function logIntent(topic: Instance, entry: SmallEntry & { readonly kind: "intent" }): Promise<void> {
  const payload = encodeEntry(entry);
  for (;;) {
    topic.assertThere();
    const wait = admission(topic, payload.length, { reserve: true, patient: true });
    if (wait !== undefined) {
      await wait;
      continue;
    }
    const { effect, answer } = answering(({ stampMs }) =>
      topic.contents.applyIntent(stampMs, entry.seqs, entry.intent),
    );
    topic.submitPayload(topic.nextFrame(frameKind.intent, 0, 0), payload, { at: "synced", reserve: true }, effect);
    return answer;
  }
}

/** A part that cannot be read fails the call: what it holds must not stay behind. */
async function resolve(topic: Instance, seqs: readonly number[]): Promise<ResolvedDelete> {
  try {
    return await resolveSeqs(topic.contents.retained, seqs, topic.deps.parts);
  } catch (error) {
    throw unreadable(topic, error);
  }
}

/** An `ephemeral` topic may still have records in the log, from when it was of another class; leases of it are in memory. */
function isFramed(topic: Instance, removes: boolean): boolean {
  if (topic.plan.config.durability !== "ephemeral") return true;
  return removes && (topic.contents.hasLogged || !topic.queue.isEmpty);
}

function stage(
  topic: Instance,
  commit: JobsCommit,
  resolved: ResolvedDelete,
  payload: Buffer,
): Promise<{ readonly fsyncMs: number }> {
  const { removed } = commit;
  const { durability } = topic.plan.config;
  logFloors(topic);
  const fields = topic.nextFrame(frameKind.lease, 0, 0);
  // Until it is decided the parts stay as they are, and so does what has expired.
  if (removed.length > 0) topic.heldMs.push(stampMsOf(fields.stamp));
  const { effect, answer } = answering(
    ({ stampMs, syncedAfterMs }: Committed) => {
      if (removed.length > 0) topic.heldMs.shift();
      publish(topic, commit, stampMs, resolved);
      return { fsyncMs: durability === "fsync" || commit.synced ? syncedAfterMs : 0 };
    },
    () => {
      if (removed.length > 0) topic.heldMs.shift();
    },
  );
  const ack: Ack = { at: commit.synced ? "synced" : ackStage[durability], reserve: commit.reserve };
  topic.submitPayload(fields, payload, ack, effect);
  return answer;
}

function stageWithoutFrame(
  topic: Instance,
  commit: JobsCommit,
  resolved: ResolvedDelete,
): Promise<{ readonly fsyncMs: number }> {
  const nowMs = topic.deps.clock.nowMs();
  topic.heldMs.push(nowMs);
  const { effect, answer } = answering(
    ({ stampMs }: Committed) => {
      topic.heldMs.shift();
      publish(topic, commit, stampMs, resolved);
      return { fsyncMs: 0 };
    },
    () => topic.heldMs.shift(),
  );
  topic.queue.stageWithoutFrame(nowMs, effect);
  return answer;
}

function publish(topic: Instance, commit: JobsCommit, stampMs: number, resolved: ResolvedDelete): void {
  if (commit.removed.length === 0) commit.publish(0);
  else commit.publish(topic.contents.applyRemoval(stampMs, commit.removed, resolved));
}
