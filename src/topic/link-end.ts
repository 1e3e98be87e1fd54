/**
 * A topic as the destination of a link (spec 3.2, 3.3): copies are staged like any batch, in the topic's operation order.
 * Where a start can find them again by the source's frames they have none of their own; the others are in a frame together
 * with how far the source has been forwarded. So there is no moment, and no crash, at which one is there without the other.
 */
import { type FrameAnchor, frameKind, type LogPlace } from "../wal/commit.ts";
import { admission, smallEntryBytes } from "./admission.ts";
import { logAnchor, raiseCeiling, raiseCeilingAhead } from "./ceiling-frames.ts";
import type { Copies, PlannedCopies } from "./copies.ts";
import { answering } from "./effect.ts";
import { encodeEntry } from "./entries.ts";
import type { HoleCause } from "./holes.ts";
import { ackStage, type Instance } from "./instance.ts";
import { advancedLink, changedLink, type LinkAnchor, type LinkChange, type LinkState, sureLink } from "./link.ts";
import { capRefusal, totalRefusal } from "./plan.ts";
import type { RecordsEntry } from "./records-format.ts";

/** At so many holes nothing is added that would make another one (1.5). */
export const mostHoles = 10_000;

export type StagedCopies =
  /** Nothing is staged yet: something has to be waited for first. */
  | { readonly wait: Promise<void> }
  /** Resolves when the copies are there for everybody. */
  | { readonly published: Promise<void> };

export class LinkEnd {
  readonly #topic: Instance;

  constructor(topic: Instance) {
    this.#topic = topic;
  }

  /** As far as it is committed. */
  get link(): LinkState | undefined {
    return this.#topic.contents.link;
  }

  /** With everything that is staged. */
  get planned(): LinkState | undefined {
    return this.#topic.plan.link;
  }

  /** Whether copies may do without frames here: where what is there has to last, and nothing is ever refused. */
  get mayDerive(): boolean {
    const { durability, discard } = this.#topic.plan.config;
    return durability !== "ephemeral" && discard !== "reject";
  }

  /**
   * Throws what an append would be refused with. Copies that are none only move the cursor. `logged`: a start finds the
   * source's records in its log, at or behind there.
   */
  stage(copies: Copies, logged?: LogPlace): StagedCopies {
    const topic = this.#topic;
    topic.assertThere();
    const { plan } = topic;
    const sourcePlace = this.mayDerive ? logged : undefined;
    if (copies.count === 0 && sourcePlace === undefined)
      return topic.barrier ? { wait: topic.barrier } : this.#moveCursor(copies.through);
    if (sourcePlace !== undefined) {
      // Nothing is written, and yet nothing goes on where nothing can be written.
      const wait = admission(topic, 2 * smallEntryBytes, admitting);
      if (wait !== undefined) return { wait };
      if (plan.anchorDue) logAnchor(topic);
      if (copies.count === 0) return this.#moveDerived(copies.through, sourcePlace);
    }
    const nowMs = topic.deps.clock.nowMs();
    const firstSeq = plan.head + 1;
    const planned = copies.plan(firstSeq, plan.lastTs);
    const view = topic.view();
    const refusal =
      capRefusal(topic.identity.name, plan, view, copies.count, planned.payloadBytes) ??
      totalRefusal(plan, view, topic.deps.quota, copies.count, planned.payloadBytes);
    if (refusal !== undefined) throw refusal;
    if (sourcePlace !== undefined) return { published: stageDerived(topic, planned, copies.count, nowMs, sourcePlace) };
    const framed = plan.config.durability !== "ephemeral";
    const lastSeq = plan.head + copies.count;
    const wait =
      !framed && topic.ceiling.covers(lastSeq)
        ? topic.barrier
        : admission(topic, (framed ? planned.layout.payloadBytes : 0) + smallEntryBytes, admitting);
    if (wait !== undefined) return { wait };
    return { published: stageCopies(topic, planned, copies.count, nowMs) };
  }

  /** Seqs in the place of source records up to `through` that cannot be copied any more. */
  stageGap(count: number, through: number, cause: HoleCause): StagedCopies {
    const topic = this.#topic;
    const { plan } = topic;
    const wait = admission(topic, smallEntryBytes, admitting);
    if (wait !== undefined) return { wait };
    const framed = plan.config.durability !== "ephemeral";
    const hole = { from: plan.head + 1, to: plan.head + count, cause };
    if (!topic.ceiling.covers(hole.to)) raiseCeiling(topic, hole.to);
    plan.link = sureLink(advancedLink(plan.link, { through, counts: [] }));
    plan.head = hole.to;
    const { effect, answer } = answering(({ stampMs }) => topic.contents.applyHole(stampMs, hole, through, framed));
    if (framed) {
      const payload = encodeEntry({ kind: "hole", hole, through });
      const at = ackStage[plan.config.durability];
      topic.submitPayload(topic.nextFrame(frameKind.hole, 0, 0), payload, { at }, effect);
    } else {
      // Records around it are in no frame either: all of it is the hole of the next start.
      raiseCeilingAhead(topic);
      topic.queue.stageWithoutFrame(topic.deps.clock.nowMs(), effect);
    }
    return { published: answer };
  }

  /** As far as derived copies are published; `undefined` when there are none. */
  get anchor(): FrameAnchor | undefined {
    return this.#topic.contents.anchor;
  }

  /** `source`: how far the link's source is synced. */
  follow(source: (() => number) | undefined): void {
    this.#topic.sourceSynced = source;
  }

  /** Copies up to here are in a synced frame's anchor. */
  anchored(headSeq: number): void {
    this.#topic.anchored(headSeq);
  }

  sourceMoved(): void {
    this.#topic.sourceMoved();
  }

  /** Resolves when everything staged by now is committed, or has failed. */
  async decided(): Promise<void> {
    await this.#topic.queue.decided();
  }

  get holes(): number {
    return this.#topic.contents.holes.all.length;
  }

  /** A change of the link's routers, decided when there is room for it; durable when this resolves. */
  async change(decide: () => LinkChange | undefined): Promise<void> {
    const topic = this.#topic;
    for (;;) {
      topic.assertThere();
      const wait = admission(topic, smallEntryBytes, { reserve: true, patient: true });
      if (wait === undefined) break;
      await wait;
    }
    const change = decide();
    if (change === undefined) return;
    topic.plan.link = sureLink(changedLink(topic.plan.link, change));
    const { effect, answer } = answering(({ stampMs }) => topic.contents.applyLink(stampMs, change));
    topic.submitEntry({ kind: "routerConfig", change }, { at: "synced", reserve: true }, effect);
    if (topic.plan.link === undefined) topic.plan.anchor = undefined;
    await answer;
  }

  #moveCursor(through: number): StagedCopies {
    const { plan, queue, deps, contents } = this.#topic;
    const anchor: LinkAnchor = { through, counts: [] };
    plan.link = sureLink(advancedLink(plan.link, anchor));
    const { effect, answer } = answering(() => contents.moveLink(anchor));
    queue.stageWithoutFrame(deps.clock.nowMs(), effect);
    if (plan.config.durability !== "ephemeral") plan.anchorDue = true;
    return { published: answer };
  }

  #moveDerived(through: number, sourcePlace: LogPlace): StagedCopies {
    const { plan, queue, deps, contents } = this.#topic;
    plan.link = sureLink(advancedLink(plan.link, { through, counts: [] }));
    plan.anchor = { source: through, dest: plan.head };
    const staged = contents.derivations.stage(plan.link.source.id, sourcePlace);
    const { effect, answer } = answering(
      () => {
        contents.derivations.decided(staged);
        contents.applyDerivedMove(through);
      },
      () => contents.derivations.decided(staged),
    );
    queue.stageWithoutFrame(deps.clock.nowMs(), effect);
    return { published: answer };
  }
}

const admitting = { reserve: false, patient: true };

/** From here on the seqs are theirs, and the source counts as forwarded. */
function planCopies(
  topic: Instance,
  { layout, payloadBytes, lastTs }: PlannedCopies,
  count: number,
): { readonly firstSeq: number; readonly link: LinkState } {
  const { plan } = topic;
  const firstSeq = plan.head + 1;
  const lastSeq = plan.head + count;
  if (!topic.ceiling.covers(lastSeq)) raiseCeiling(topic, lastSeq);
  plan.take(count, payloadBytes, lastTs);
  const link = sureLink(advancedLink(plan.link, layout.plan.copied!.anchor));
  plan.link = link;
  return { firstSeq, link };
}

function stageCopies(topic: Instance, planned: PlannedCopies, count: number, nowMs: number): Promise<void> {
  const { plan, queue, deps, contents } = topic;
  const { layout, payloadBytes } = planned;
  const { firstSeq } = planCopies(topic, planned, count);
  let entry: RecordsEntry | undefined;
  const { effect, answer } = answering(({ stampMs, place }) => {
    contents.applyRecords(stampMs, firstSeq, entry!, place);
    topic.plan.published(count, payloadBytes);
  });
  const commitClass = plan.config.durability;
  if (commitClass === "ephemeral") {
    entry = planned.write(Buffer.allocUnsafe(layout.payloadBytes));
    raiseCeilingAhead(topic);
    queue.stageWithoutFrame(nowMs, effect);
  } else {
    const draft = deps.log.draft(topic.nextFrame(frameKind.records, firstSeq, count), layout.payloadBytes);
    entry = planned.write(draft.payload);
    topic.submit(draft, { at: ackStage[commitClass] }, effect);
  }
  return answer;
}

/** Copies that the source's frames stand for: nothing is written but, now and then, a higher ceiling. */
function stageDerived(
  topic: Instance,
  planned: PlannedCopies,
  count: number,
  nowMs: number,
  sourcePlace: LogPlace,
): Promise<void> {
  const { plan, queue, deps, contents } = topic;
  const { layout, payloadBytes } = planned;
  const { firstSeq, link } = planCopies(topic, planned, count);
  plan.anchor = { source: link.cursor, dest: plan.head };
  const origin = { place: deps.log.place(), sourcePlace, op: plan.op };
  const staged = contents.derivations.stage(link.source.id, sourcePlace);
  const entry = planned.write(Buffer.allocUnsafe(layout.payloadBytes));
  const { effect, answer } = answering(
    ({ stampMs }) => {
      contents.derivations.decided(staged);
      contents.applyDerived(stampMs, firstSeq, entry, origin);
      topic.plan.published(count, payloadBytes);
      topic.derived();
    },
    () => contents.derivations.decided(staged),
  );
  queue.stageWithoutFrame(nowMs, effect);
  raiseCeilingAhead(topic);
  return answer;
}
