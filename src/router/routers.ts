/**
 * The routers of an engine (spec 3): making, changing and removing them, one at a time, because each is judged by all the
 * others; and what a read of a destination needs, which is to be as far as its source.
 *
 * A router is a part of its destination's state (topic/link.ts): frames of that topic tell of it, and it is gone with it.
 */
import { TopicsError } from "../base/errors.ts";
import type { Clock, TimerHandle, Timers } from "../env/env.ts";
import type { LinkChange, LinkRouter } from "../topic/link.ts";
import type { Topic } from "../topic/topic.ts";
import type { Link } from "./link.ts";
import { LinkMap } from "./link-map.ts";
import {
  type PutRouterResult,
  type RouterPage,
  type RouterQuery,
  type RouterRequest,
  type RouterState,
  sameSettings,
  settingsOf,
} from "./router.ts";
import { LinkTurns } from "./turns.ts";

export interface RoutersDeps {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly timers: Timers;
  /** 0: unlimited. */
  readonly maxRouters: number;
  /** Of what has left a source and is still to be forwarded. */
  readonly retainBytes: number;
  topicNamed(name: string): Topic | undefined;
  topicWithId(id: number): Topic | undefined;
  /** Whether there may be so many topics more; throws when not. */
  checkRoom(topics: number): void;
  /** The topic by that name, made with the default configuration if it is not there; its creation is durable. */
  makeTopic(name: string): Promise<{ readonly topic: Topic; readonly created: boolean }>;
  /** Something to wait for before records may be added anywhere. */
  room(): Promise<void> | undefined;
  synced(topic: Topic): Promise<boolean>;
  /** What is copied of the topic can be derived from its log. */
  mayDerive(source: Topic): boolean;
  /** Logs how far the links into these topics have come, where they have moved. */
  anchor(topics: Iterable<Topic>): Promise<unknown>;
  nextStamp(): number;
  crash(error: unknown): void;
}

/** A read of a destination waits so long for what its source has. */
const catchUpMs = 100;
/** Before a change of a router, or the end of its source, everything appended so far is to be forwarded. */
const settleMs = 5000;
/** As often as that frames say how far links have come. */
const anchorMs = 1000;

export class Routers {
  readonly #deps: RoutersDeps;
  readonly #turns: LinkTurns;
  readonly #map: LinkMap;
  #changing: Promise<unknown> = Promise.resolve();
  #anchorTimer: TimerHandle | undefined;

  constructor(deps: RoutersDeps) {
    this.#deps = deps;
    this.#turns = new LinkTurns(deps.clock, deps.timers);
    const linkDeps = {
      timers: deps.timers,
      room: () => deps.room(),
      synced: (topic: Topic) => deps.synced(topic),
      due: (link: Link) => this.#turns.add(link),
      mayDerive: (topic: Topic) => deps.mayDerive(topic),
      derived: () => this.#planAnchors(),
      crash: (error: unknown) => deps.crash(error),
    };
    this.#map = new LinkMap(linkDeps, deps.retainBytes);
  }

  get size(): number {
    return this.#map.size;
  }

  /** Records that the one furthest behind has to forward. */
  get lag(): number {
    let most = 0;
    for (const link of this.#map.links) most = Math.max(most, lagOf(link));
    return most;
  }

  /** The routers that recovered topics speak of. */
  adopt(topics: Iterable<Topic>): void {
    const orphans: { readonly topic: Topic; readonly name: string }[] = [];
    const made = new Map<string, { readonly stamp: number; readonly topic: Topic }>();
    for (const topic of topics) {
      const { link } = topic.linkEnd;
      if (link === undefined) continue;
      const source = this.#deps.topicWithId(link.source.id);
      for (const { name, made: stamp } of link.routers) {
        const other = made.get(name);
        if (source === undefined || (other !== undefined && other.stamp > stamp)) orphans.push({ topic, name });
        else {
          // A removal that never became durable, and was made up for elsewhere since.
          if (other !== undefined) orphans.push({ topic: other.topic, name });
          made.set(name, { stamp, topic });
          this.#map.add(name, this.#map.link(source, topic));
        }
      }
    }
    for (const link of this.#map.links) this.#turns.add(link);
    if (orphans.length > 0) this.#follow(this.#alone(() => this.#removeOrphans(orphans)));
  }

  // --- verbs -----------------------------------------------------------------------------------------------------

  put(name: string, request: RouterRequest): Promise<PutRouterResult> {
    return this.#alone(async () => {
      for (;;) {
        const known = this.#map.named(name);
        const result =
          known === undefined ? await this.#create(name, request) : await this.#change(name, known, request);
        if (result !== undefined) return result;
      }
    });
  }

  get(name: string): RouterState {
    return this.#stateOf(name) ?? notFound(name);
  }

  list({ prefix, source, dest, covered }: RouterQuery, after: string | undefined, pageSize: number): RouterPage {
    const routers: RouterState[] = [];
    let last = after;
    for (const name of this.#map.names(after)) {
      if (name < prefix) continue;
      if (!name.startsWith(prefix)) break;
      const state = this.#stateOf(name);
      if (state === undefined || covered?.(state) === false) continue;
      if ((source !== undefined && state.source !== source) || (dest !== undefined && state.dest !== dest)) continue;
      // The one too many says that there is more.
      if (routers.length === pageSize) return { routers, next: last };
      routers.push(state);
      last = name;
    }
    return { routers, next: undefined };
  }

  remove(name: string): Promise<boolean> {
    return this.#alone(async () => {
      const link = this.#map.named(name);
      if (link === undefined) return false;
      await this.#settle([link]);
      await this.#removeRouter(link, name);
      return true;
    });
  }

  /** Whether the end of a topic is the end of routers. */
  touches(topic: Topic): boolean {
    return this.#map.into(topic.id) !== undefined || this.#map.from(topic.id).size > 0;
  }

  /**
   * Deletes a topic and the routers that name it: what is pending is forwarded first, and what is appended until the very
   * last moment is, too. Gives the routers' names.
   */
  deleteTopic(topic: Topic, drop: () => Promise<boolean>): Promise<{ deleted: boolean; routers: string[] }> {
    return this.#alone(async () => {
      const into = this.#map.into(topic.id);
      const from = [...this.#map.from(topic.id)];
      await this.#settle(from);
      const links = into === undefined ? from : [into, ...from];
      const routers = links.flatMap((link) => this.#routersOf(link).map(({ name }) => name)).sort();
      const deleted = await drop();
      await this.#settle(from);
      for (const name of routers) this.#map.remove(name);
      if (into !== undefined) this.#map.drop(into);
      await Promise.all(from.map((link) => this.#endLink(link)));
      return { deleted, routers };
    });
  }

  // --- forwarding ------------------------------------------------------------------------------------------------

  /** Readers of a topic may see more of it. */
  headMoved(topicId: number): void {
    for (const link of this.#map.from(topicId)) this.#turns.add(link);
  }

  /** A topic has other limits, or less in it. */
  roomMade(topicId: number): void {
    this.#map.into(topicId)?.retryNow();
  }

  /**
   * Before a read of a topic, or a delete in it: resolves when it has everything that its source had at the call, or the
   * time for that is up. `undefined`: it has.
   */
  catchUp(topicId: number): Promise<void> | undefined {
    if (this.#map.into(topicId) === undefined) return undefined;
    const chain = this.#map.chainTo(topicId);
    if (!chain.some((link) => link.isBehind)) return undefined;
    return this.#within(catchUpMs, this.#reachAll(chain.reverse()));
  }

  /** How far all links have come is logged. */
  async anchorAll(): Promise<void> {
    await this.#deps.anchor(this.#dests());
  }

  /** Nothing is forwarded any more, but what only memory holds; gives the topics that copies were derived in. */
  async stop(): Promise<readonly Topic[]> {
    const volatile = [...this.#map.links].filter(({ source }) => source.config.durability === "ephemeral");
    await Promise.all(volatile.map((link) => link.reach(link.source.headSeq)));
    this.#turns.stop();
    if (this.#anchorTimer !== undefined) this.#deps.timers.clear(this.#anchorTimer);
    const dests = this.#dests();
    for (const link of this.#map.links) link.finish();
    await Promise.all(dests.map((topic) => topic.linkEnd.decided()));
    return dests;
  }

  #planAnchors(): void {
    this.#anchorTimer ??= this.#deps.timers.after(anchorMs, () => {
      this.#anchorTimer = undefined;
      this.#follow(this.anchorAll());
    });
  }

  #dests(): Topic[] {
    return [...this.#map.links].map(({ dest }) => dest);
  }

  /** Links that are to become a cycle: from here on hops are counted, which only frames can tell. */
  async #endDerivation(dest: Topic, source: Topic): Promise<() => void> {
    const links = this.#map.way(dest, source) === undefined ? [] : this.#map.chainTo(source.id);
    for (const link of links) link.framed = true;
    const topics = links.map((link) => link.dest);
    await Promise.all(topics.map((topic) => topic.linkEnd.decided()));
    await this.#deps.anchor(topics);
    return () => {
      for (const link of links) link.framed = false;
    };
  }

  async #reachAll(chain: readonly Link[]): Promise<void> {
    for (const link of chain) {
      const reached = link.reach(link.source.headSeq);
      this.#turns.urgent(link);
      await reached;
    }
  }

  async #settle(links: readonly Link[]): Promise<void> {
    await this.#within(settleMs, Promise.all(links.map((link) => link.reach(link.source.headSeq))).then(nothing));
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    let timer: TimerHandle | undefined;
    const timeUp = new Promise<void>((resolve) => (timer = this.#deps.timers.after(ms, resolve)));
    try {
      await Promise.race([work, timeUp]);
    } finally {
      if (timer !== undefined) this.#deps.timers.clear(timer);
    }
  }

  // --- making and changing ---------------------------------------------------------------------------------------

  /** `undefined`: something has changed meanwhile, and all has to be decided anew. */
  async #create(name: string, request: RouterRequest): Promise<PutRouterResult | undefined> {
    this.#check(name, request);
    const made: Topic[] = [];
    try {
      const source = await this.#topic(request.source, made);
      const dest = await this.#topic(request.dest, made);
      if (source.isGone || dest.isGone) return undefined;
      const derive = request.allowCycle ? await this.#endDerivation(dest, source) : nothing;
      const link = this.#map.link(source, dest);
      const router: LinkRouter = {
        name,
        made: this.#deps.nextStamp(),
        from: 0,
        forwarded: 0,
        ...settingsOf(request),
      };
      try {
        await link.end.change(() => creation(link, router));
      } catch (error) {
        if (link.state === undefined) this.#map.drop(link);
        // Deleted meanwhile, before there was a router to be deleted with it.
        derive();
        if (dest.isGone) return undefined;
        throw error;
      }
      this.#map.add(name, link);
      derive();
      if (source.isGone) {
        await this.#removeRouter(link, name);
        return undefined;
      }
      this.#turns.add(link);
      return { created: true, state: this.get(name) };
    } catch (error) {
      await removeEmpty(made);
      throw error;
    }
  }

  async #change(name: string, link: Link, request: RouterRequest): Promise<PutRouterResult | undefined> {
    const known = this.#map.router(name);
    if (known === undefined) return undefined;
    if (link.source.name !== request.source || link.dest.name !== request.dest)
      throw new TopicsError("topic_exists_incompatible", `router ${name} is there, with another source or dest`, {
        router: name,
        reason: "router_repoint_forbidden",
        existing_source: link.source.name,
        existing_dest: link.dest.name,
      });
    if (sameSettings(known, request)) return { created: false, state: this.get(name) };
    if (known.allowCycle && !request.allowCycle) this.#checkCycle(request);
    // What was appended so far is forwarded as it was to be.
    await this.#settle([link]);
    const put: LinkRouter = { ...known, ...settingsOf(request) };
    await link.end.change(() => ({ put, source: sourceOf(link), cursor: link.end.planned?.cursor ?? 0 }));
    this.#map.refresh();
    return { created: false, state: this.get(name) };
  }

  /** Everything that can be refused is, before anything is made. */
  #check(name: string, request: RouterRequest): void {
    const { maxRouters } = this.#deps;
    const dest = this.#deps.topicNamed(request.dest);
    const existing = dest && this.#map.into(dest.id);
    if (existing !== undefined && existing.source.name !== request.source)
      throw new TopicsError("topic_exists_incompatible", `topic ${request.dest} is the dest of another source`, {
        router: name,
        reason: "router_dest_fan_in",
        dest: request.dest,
        existing_source: existing.source.name,
      });
    if (!request.allowCycle) this.#checkCycle(request);
    if (dest === undefined && !request.createDest)
      throw new TopicsError("topic_not_found", `there is no topic ${request.dest}`, { topic: request.dest });
    if (maxRouters > 0 && this.#map.size >= maxRouters)
      throw new TopicsError("throttled", `there are ${maxRouters} routers already`, {
        limit: "max_routers",
        max: maxRouters,
      });
    this.#deps.checkRoom(Number(dest === undefined) + Number(this.#deps.topicNamed(request.source) === undefined));
  }

  #checkCycle(request: RouterRequest): void {
    const source = this.#deps.topicNamed(request.source);
    const dest = this.#deps.topicNamed(request.dest);
    const way = source && dest && this.#map.way(dest, source);
    if (way === undefined) return;
    const cycle = [request.source, ...way];
    throw new TopicsError("router_cycle", `this would be a cycle: ${cycle.join(" → ")}`, { cycle });
  }

  async #topic(name: string, made: Topic[]): Promise<Topic> {
    const { topic, created } = await this.#deps.makeTopic(name);
    if (created) made.push(topic);
    return topic;
  }

  async #removeRouter(link: Link, name: string): Promise<void> {
    await link.end.change(() => removal(link, name));
    this.#map.remove(name);
    if (link.state === undefined) this.#map.drop(link);
  }

  /** The link's source is gone. Where this cannot be logged, the next start finds a link without a source. */
  async #endLink(link: Link): Promise<void> {
    const names = this.#routersOf(link).map(({ name }) => name);
    this.#map.drop(link);
    for (const name of names) await unlessUnavailable(link.end.change(() => removal(link, name)));
  }

  async #removeOrphans(orphans: readonly { readonly topic: Topic; readonly name: string }[]): Promise<void> {
    for (const { topic, name } of orphans) {
      const { linkEnd } = topic;
      await unlessUnavailable(linkEnd.change(() => ({ remove: name, cursor: linkEnd.planned?.cursor ?? 0 })));
    }
  }

  #routersOf(link: Link): readonly LinkRouter[] {
    return link.state?.routers ?? [];
  }

  #stateOf(name: string): RouterState | undefined {
    const link = this.#map.named(name);
    const router = this.#map.router(name);
    if (link === undefined || router === undefined) return undefined;
    return {
      router: name,
      source: link.source.name,
      dest: link.dest.name,
      ...settingsOf(router),
      forwardedTotal: router.forwarded,
      lag: lagOf(link),
      pausedBy: link.pausedBy,
      lastError: link.lastError,
    };
  }

  #alone<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changing.then(change);
    this.#changing = done.catch(nothing);
    return done;
  }

  #follow(work: Promise<void>): void {
    work.catch((error: unknown) => this.#deps.crash(error));
  }
}

/** Only what is appended from now on is its business. */
function creation(link: Link, router: LinkRouter): LinkChange {
  const from = link.source.headSeq;
  return { put: { ...router, from }, source: sourceOf(link), cursor: link.end.planned?.cursor ?? from };
}

function removal(link: Link, name: string): LinkChange | undefined {
  const { planned } = link.end;
  return planned === undefined ? undefined : { remove: name, cursor: planned.cursor };
}

function sourceOf({ source }: Link): { id: number; epoch: number; name: string } {
  return { id: source.id, epoch: source.epoch, name: source.name };
}

/** Topics that were made for a router that could not be, if nobody has used them meanwhile. */
async function removeEmpty(topics: readonly Topic[]): Promise<void> {
  for (const topic of topics) if (topic.headSeq === 0) await unlessUnavailable(topic.deleteTopic());
}

async function unlessUnavailable(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof TopicsError)) throw error;
  }
}

function notFound(name: string): never {
  throw new TopicsError("router_not_found", `there is no router ${name}`, { router: name });
}

function nothing(): void {}

function lagOf(link: Link): number {
  return Math.max(0, link.source.headSeq - link.cursor);
}
