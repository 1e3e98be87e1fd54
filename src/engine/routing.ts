/**
 * The routers of an open directory (spec 3): what they are given of it, and what is logged of their copies. Copies that were
 * derived have no frames: what makes them last is the source's frames and an anchor (3.3).
 */
import type { Env } from "../env/env.ts";
import { Routers } from "../router/routers.ts";
import { defaultConfig } from "../topic/config.ts";
import type { LinkEnd } from "../topic/link-end.ts";
import type { Topic } from "../topic/topic.ts";
import type { Wal } from "../wal/wal.ts";
import { AnchorWriter } from "./anchor-writer.ts";
import type { Catalog } from "./catalog.ts";
import { defaultRoutersConfig, type EngineConfig } from "./config.ts";
import { checkTopicsLeft, type CreatorDeps, topicNamed } from "./creator.ts";
import type { EngineClock } from "./engine-clock.ts";

export interface RoutingDeps {
  readonly env: Env;
  readonly config: EngineConfig["routers"];
  readonly wal: Wal;
  readonly catalog: Catalog;
  readonly clock: EngineClock;
  readonly creator: CreatorDeps;
  topicNamed(name: string): Topic | undefined;
  /** Something to wait for before copies may be made. */
  room(): Promise<void> | undefined;
  crash(error: unknown): void;
}

export class Routing {
  readonly routers: Routers;
  readonly #deps: RoutingDeps;
  readonly #anchors: AnchorWriter;

  constructor(deps: RoutingDeps) {
    const { env, wal, catalog, clock, creator } = deps;
    const { max, retainBytes } = deps.config ?? defaultRoutersConfig;
    this.#deps = deps;
    this.#anchors = new AnchorWriter(
      wal,
      () => clock.nextStamp(),
      (topic, seq) => (this.#sourceOf(topic)?.syncedHead ?? 0) >= seq,
    );
    this.routers = new Routers({
      clock: env.clock,
      timers: env.timers,
      maxRouters: max,
      retainBytes,
      topicNamed: (name) => deps.topicNamed(name),
      topicWithId: (id) => catalog.withId(id),
      checkRoom: (topics) => checkTopicsLeft(creator, topics),
      makeTopic: async (name) => {
        const { topic, created } = await topicNamed(creator, name, defaultConfig, 0);
        await created;
        return { topic, created: created !== undefined };
      },
      room: () => deps.room(),
      synced: (topic) => this.#synced(topic),
      mayDerive: ({ id }) => !wal.shardOf(id).latched && !wal.shardOf(id).hung,
      anchor: (topics) => this.#anchors.write(topics),
      nextStamp: () => clock.nextStamp(),
      crash: (error) => deps.crash(error),
    });
    this.routers.adopt(catalog.all());
  }

  /**
   * Nothing is copied any more. Gives the shards whose anchors could not be written: where it cannot be said how far copies
   * go the log must not end as if they went no further.
   */
  async stop(): Promise<ReadonlySet<number>> {
    return this.#anchors.write(await this.routers.stop());
  }

  #sourceOf({ linkEnd }: Topic): Topic | undefined {
    return linkEnd.link && this.#deps.catalog.withId(linkEnd.link.source.id);
  }

  /** Copies that were derived are lost with their source's frames, or with the frame that says how far they go. */
  async #synced(topic: Topic): Promise<boolean> {
    const { wal } = this.#deps;
    const derived = new Set<Topic>();
    for (let at: Topic | undefined = topic; at !== undefined && !derived.has(at); at = this.#sourceOf(at)) {
      const { link, anchor }: LinkEnd = at.linkEnd;
      if (link === undefined || anchor === undefined) break;
      derived.add(at);
    }
    for (const one of [...derived].reverse()) {
      if (!(await wal.shardOf(one.linkEnd.link?.source.id ?? one.id).synced())) return false;
      await this.#anchors.write([one]);
    }
    return wal.shardOf(topic.id).synced();
  }
}
