/** Making topics (spec 2.5, 2.6): at most one per name at a time, within the limit, on a shard that takes frames. */
import { TopicsError } from "../base/errors.ts";
import { smallEntryBytes } from "../topic/admission.ts";
import type { TopicConfig } from "../topic/config.ts";
import { frameOverheadBytes } from "../topic/instance.ts";
import { Topic } from "../topic/topic.ts";
import { shardNumber, type Wal } from "../wal/wal.ts";
import type { Catalog } from "./catalog.ts";
import type { ShardTopicDeps } from "./replayer.ts";
import type { TopicIds } from "./topic-ids.ts";

export interface CreatorDeps {
  readonly catalog: Catalog;
  readonly ids: TopicIds;
  readonly wal: Wal;
  readonly topicDeps: ShardTopicDeps;
  /** 0: unlimited. */
  readonly maxTopics: number;
}

export interface Made {
  readonly topic: Topic;
  /** Set by whoever made it: resolves when the creation is synced. */
  readonly created: Promise<void> | undefined;
}

/** The topic by that name, made if it is not there. Whatever is appended to it at once is answered after its creation. */
export async function topicNamed(deps: CreatorDeps, name: string, config: TopicConfig, records: number): Promise<Made> {
  for (;;) {
    const existing = deps.catalog.named(name);
    if (existing) return { topic: existing, created: undefined };
    checkTopicsLeft(deps, 1);
    const wait = deps.ids.ready() ?? skipLatched(deps) ?? admitted(deps);
    if (wait === undefined) return make(deps, name, config, records);
    await wait;
  }
}

/** Throws when there may not be so many topics more. */
export function checkTopicsLeft({ maxTopics, catalog }: CreatorDeps, topics: number): void {
  if (maxTopics === 0 || catalog.size + topics <= maxTopics || topics === 0) return;
  throw new TopicsError("throttled", `there are ${maxTopics} topics already`, { limit: "max_topics", max: maxTopics });
}

/** A read-only shard takes no topics; the ids that would go there are left out. */
function skipLatched({ ids, wal }: CreatorDeps): Promise<void> | undefined {
  if (wal.latched.length === wal.shards.length) return undefined;
  while (wal.shardOf(ids.next).latched) {
    ids.take();
    const raised = ids.ready();
    if (raised) return raised;
  }
  return undefined;
}

function admitted({ ids, wal }: CreatorDeps): Promise<void> | undefined {
  return wal.shardOf(ids.next).admit(smallEntryBytes + frameOverheadBytes, { reserve: false, patient: true });
}

function make({ ids, catalog, topicDeps }: CreatorDeps, name: string, config: TopicConfig, records: number): Made {
  const id = ids.take();
  const { topic, created } = Topic.create(
    { id, epoch: id, name },
    config,
    topicDeps[shardNumber(id, topicDeps.length)],
    records,
  );
  catalog.add(topic);
  return { topic, created };
}
