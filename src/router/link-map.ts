/**
 * Which links there are, and by which routers (spec 3.2). A destination has one source, so that the way back from a topic to
 * where its records come from is a line, and a cycle is a way back that comes to where it began.
 */
import type { Forwarding } from "../topic/forwarding.ts";
import type { LinkRouter } from "../topic/link.ts";
import type { Topic } from "../topic/topic.ts";
import { Link, type LinkDeps } from "./link.ts";

interface SourceSide {
  readonly forwarding: Forwarding;
  readonly links: Set<Link>;
}

export class LinkMap {
  readonly #deps: LinkDeps;
  readonly #retainBytes: number;
  readonly #byName = new Map<string, Link>();
  readonly #into = new Map<number, Link>();
  readonly #from = new Map<number, SourceSide>();
  #names: string[] = [];
  #sorted = true;

  constructor(deps: LinkDeps, retainBytes: number) {
    this.#deps = deps;
    this.#retainBytes = retainBytes;
  }

  get size(): number {
    return this.#byName.size;
  }

  named(router: string): Link | undefined {
    return this.#byName.get(router);
  }

  into(topicId: number): Link | undefined {
    return this.#into.get(topicId);
  }

  from(topicId: number): ReadonlySet<Link> {
    return this.#from.get(topicId)?.links ?? none;
  }

  get links(): Iterable<Link> {
    return this.#into.values();
  }

  router(name: string): LinkRouter | undefined {
    return this.#byName.get(name)?.state?.routers.find((router) => router.name === name);
  }

  /** Names of routers behind `after`, in order. */
  *names(after: string | undefined): Generator<string> {
    if (!this.#sorted) this.#names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    this.#sorted = true;
    for (let at = after === undefined ? 0 : this.#behind(after); at < this.#names.length; at++) yield this.#names[at];
  }

  /** The link from one topic to another, made if there is none. */
  link(source: Topic, dest: Topic): Link {
    const known = this.#into.get(dest.id);
    if (known !== undefined) return known;
    let side = this.#from.get(source.id);
    if (side === undefined) {
      const links = new Set<Link>();
      const floor = (): number => {
        let least = Infinity;
        for (const { cursor } of links) least = Math.min(least, cursor);
        return least;
      };
      side = { forwarding: source.forwarding(floor, this.#retainBytes), links };
      this.#from.set(source.id, side);
    }
    const link = new Link(source, dest, side.forwarding, this.#deps);
    side.links.add(link);
    this.#into.set(dest.id, link);
    return link;
  }

  add(router: string, link: Link): void {
    this.#byName.set(router, link);
    this.#names.push(router);
    this.#sorted = this.#sorted && (this.#names.length === 1 || this.#names.at(-2)! < router);
    this.#findCycles();
  }

  remove(router: string): void {
    if (this.#byName.delete(router)) this.#names = this.#names.filter((name) => name !== router);
    this.#findCycles();
  }

  /** A link that has no router any more. */
  drop(link: Link): void {
    link.finish();
    this.#into.delete(link.dest.id);
    const side = this.#from.get(link.source.id);
    side?.links.delete(link);
    if (side?.links.size !== 0) return;
    side.forwarding.end();
    this.#from.delete(link.source.id);
  }

  /** Names of topics from `dest` to `source`, both included, by links that are there; `undefined` when there is no way. */
  way(dest: Topic, source: Topic): string[] | undefined {
    const names = [source.name];
    const seen = new Set<Link>();
    for (let link = this.into(source.id); link !== undefined && !seen.has(link); link = this.into(link.source.id)) {
      seen.add(link);
      names.unshift(link.source.name);
      if (link.source === dest) return names;
    }
    return undefined;
  }

  /** The links by which records come to a topic, the last one first. */
  chainTo(topicId: number): Link[] {
    const chain = new Set<Link>();
    for (let link = this.into(topicId); link !== undefined && !chain.has(link); link = this.into(link.source.id))
      chain.add(link);
    return [...chain];
  }

  /** Settings of a router have changed. */
  refresh(): void {
    this.#findCycles();
  }

  #findCycles(): void {
    let allowed = false;
    for (const link of this.links) {
      link.cyclic = false;
      allowed ||= link.state?.routers.some(({ allowCycle }) => allowCycle) ?? false;
    }
    if (!allowed) return;
    for (const link of this.links) {
      if (link.cyclic || this.way(link.dest, link.source) === undefined) continue;
      for (const one of this.chainTo(link.source.id)) one.cyclic = true;
    }
  }

  #behind(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#names[middle] <= name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const none: ReadonlySet<Link> = new Set();
