/**
 * Delivery to everybody who follows a topic (spec 4.3, 4.5). Publication marks a topic and asks for a turn; deliveries are
 * made in turns of bounded cost, after the input that is ready, so that no number of watchers holds up a writer. A turn
 * begins with the topics of the highest effective priority; a part of it is kept for the one that waits longest.
 */
import type { Timers } from "../env/env.ts";
import type { Topic } from "../topic/topic.ts";
import { Hub, type Subscription } from "./hub.ts";
import type { Pressure } from "./pressure.ts";
import { effectivePriority } from "./priority.ts";

/** Cost of one turn: a delivery costs 1, and 1 for every 16 KiB that it moves. */
const turnCost = 256;
/** What is kept of it for the topic that waits longest. */
const keptCost = 64;
/** Topics that are ordered by priority in one turn: those that wait longest. */
const orderedTopics = 1024;

/** How long frames gather under pressure before they are sent. */
const coalesceMs = 20;
/** How often a topic of low priority is served under more of it. */
const paceMs = 1000;

export interface FanOutDeps {
  readonly clock: { nowMs(): number; monotonicMs(): number };
  readonly timers: Pick<Timers, "soon" | "after">;
  readonly pressure: Pressure;
  topic(id: number): Topic | undefined;
}

/** Who wants to hear of new topics. */
export interface TopicFollower {
  topicCreated(topic: Topic): void;
}

export class FanOut {
  readonly #deps: FanOutDeps;
  readonly #hubs = new Map<number, Hub>();
  /** Where something may be to do, and since when; in the order of waiting. */
  readonly #busy = new Map<Hub, number>();
  readonly #followers = new Set<TopicFollower>();
  #created: number[] = [];
  #scheduled = false;
  #moment = 0;

  constructor(deps: FanOutDeps) {
    this.#deps = deps;
  }

  /** Two looks at a topic in one moment see the same. */
  get moment(): number {
    return this.#moment;
  }

  /** Topics that wait to be served. */
  get waiting(): number {
    return this.#busy.size;
  }

  get topics(): number {
    return this.#hubs.size;
  }

  // --- what topics report ----------------------------------------------------------------------------------------

  moved(topicId: number): void {
    const hub = this.#hubs.get(topicId);
    if (hub === undefined) return;
    hub.mark();
    this.#turnFor(hub);
  }

  synced(topicId: number): void {
    if (this.#hubs.get(topicId)?.hasStrong === true) this.moved(topicId);
  }

  created(topicId: number): void {
    if (this.#followers.size === 0) return;
    this.#created.push(topicId);
    this.#schedule();
  }

  gone(topicId: number): void {
    const hub = this.#hubs.get(topicId);
    if (hub === undefined) return;
    this.#hubs.delete(topicId);
    for (const subscription of hub.subscribers) subscription.isTopicGone = true;
    hub.mark();
    this.#turnFor(hub);
  }

  // --- who follows -----------------------------------------------------------------------------------------------

  hubOf(topic: Topic): Hub {
    let hub = this.#hubs.get(topic.id);
    if (hub === undefined) {
      hub = new Hub(topic);
      this.#hubs.set(topic.id, hub);
    }
    return hub;
  }

  /** From here on it hears of everything; what is there already is looked at first. */
  add(subscription: Subscription): void {
    subscription.hub.add(subscription);
    this.wake(subscription);
  }

  remove(subscription: Subscription): void {
    const { hub } = subscription;
    subscription.state = "ended";
    hub.remove(subscription);
    if (hub.isEmpty && this.#hubs.get(hub.topic.id) === hub) this.#hubs.delete(hub.topic.id);
  }

  /** There may be something for this one. */
  wake(subscription: Subscription): void {
    subscription.hub.enqueue(subscription);
    this.#turnFor(subscription.hub);
  }

  follow(follower: TopicFollower): void {
    this.#followers.add(follower);
  }

  unfollow(follower: TopicFollower): void {
    this.#followers.delete(follower);
  }

  // --- turns -----------------------------------------------------------------------------------------------------

  #turnFor(hub: Hub): void {
    if (!this.#busy.has(hub)) this.#busy.set(hub, this.#deps.clock.monotonicMs());
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { timers, pressure } = this.#deps;
    if (pressure.level === "none") timers.soon(() => this.#turn());
    else timers.after(coalesceMs, () => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#moment++;
    this.#announceTopics();
    const hubs = this.#inOrder();
    const longest = this.#busy.keys().next().value;
    let left = turnCost;
    if (hubs.length > 1) left -= keptCost;
    for (const hub of hubs) {
      if (left <= 0) break;
      left = this.#serve(hub, left);
    }
    if (hubs.length > 1 && longest !== undefined && hubs.includes(longest) && this.#busy.has(longest))
      this.#serve(longest, keptCost);
    for (const hub of hubs) hub.endMoment();
    if (this.#busy.size > 0) this.#schedule();
  }

  /** What is left of `cost` when nothing is left to do. */
  #serve(hub: Hub, cost: number): number {
    let left = cost;
    for (let next = hub.next(); next !== undefined; next = hub.next()) {
      left -= next.stream.deliver(next);
      if (left > 0) continue;
      // It goes on, but others have waited longer now.
      this.#busy.delete(hub);
      this.#busy.set(hub, this.#deps.clock.monotonicMs());
      return 0;
    }
    this.#busy.delete(hub);
    return left;
  }

  #inOrder(): Hub[] {
    if (this.#busy.size <= 1 && !this.#isPacing) return [...this.#busy.keys()];
    const { clock } = this.#deps;
    const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
    const ranked: { hub: Hub; rank: number }[] = [];
    const isPacing = this.#isPacing;
    for (const [hub, sinceMs] of this.#busy) {
      const { config, lastReadMs } = hub.topic;
      const idleMs = lastReadMs === undefined ? undefined : Math.max(0, nowMs - lastReadMs);
      if (isPacing && this.#isPaced(hub, monotonicMs, effectivePriority(config, idleMs))) continue;
      ranked.push({ hub, rank: effectivePriority(config, idleMs, monotonicMs - sinceMs) });
      if (ranked.length === orderedTopics) break;
    }
    return ranked.sort((a, b) => b.rank - a.rank).map(({ hub }) => hub);
  }

  get #isPacing(): boolean {
    const { level } = this.#deps.pressure;
    return level === "pace" || level === "refuse";
  }

  /** Who watches a topic of low priority is told that it will be served less often, and then it is. */
  #isPaced(hub: Hub, nowMs: number, priority: number): boolean {
    if (priority >= 0) return false;
    if (hub.servedMs === undefined || nowMs - hub.servedMs >= paceMs) {
      hub.servedMs = nowMs;
      for (const subscription of hub.subscribers) subscription.stream.pace(subscription, paceMs);
      return false;
    }
    return true;
  }

  #announceTopics(): void {
    const created = this.#created;
    this.#created = [];
    for (const id of created) {
      const topic = this.#deps.topic(id);
      if (topic?.isLive === true) for (const follower of this.#followers) follower.topicCreated(topic);
    }
  }
}
