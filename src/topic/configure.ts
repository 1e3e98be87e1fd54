/**
 * Changing a topic's configuration (spec 2.5, 6.1): durable before it is answered, whatever the class, and in force from
 * its place in the operation order on. A change from `ephemeral` to another class first logs what is retained.
 */
import { frameKind } from "../wal/commit.ts";
import { admission, admitted, smallEntryBytes } from "./admission.ts";
import { logFloors } from "./ceiling-frames.ts";
import type { TopicConfig } from "./config.ts";
import { sameConfig } from "./config-codec.ts";
import { answering } from "./effect.ts";
import { encodeEntry } from "./entries.ts";
import { type Instance, stampMsOf } from "./instance.ts";
import { logRetained } from "./rebase.ts";

/** Resolves when the topic durably has this configuration; `true` when that took a change. */
export async function configure(topic: Instance, config: TopicConfig): Promise<boolean> {
  for (;;) {
    topic.assertThere();
    if (topic.barrier !== undefined) await topic.barrier;
    else if (sameConfig(topic.plan.config, config)) {
      if (topic.heldMs.length === 0 && topic.mode === "live") return false;
      // Somebody else's creation, or change to the same, is on its way: its outcome is ours.
      await topic.queue.decided();
    } else if (becomesDurable(topic, config)) {
      await behindBarrier(topic, async () => {
        await topic.queue.decided();
        topic.assertThere();
        // What was staged may have failed, and the topic be of another class than it was to be.
        if (becomesDurable(topic, config)) await logRetained(topic);
        await admitted(topic, smallEntryBytes);
        topic.assertThere();
        await stage(topic, config);
      });
      return true;
    } else if (staysEphemeral(topic, config) && !topic.queue.isEmpty) {
      await behindBarrier(topic, async () => {
        await topic.queue.decided();
        await admitted(topic, smallEntryBytes);
        topic.assertThere();
        await stage(topic, config);
      });
      return true;
    } else {
      const wait = admission(topic, smallEntryBytes, { reserve: false, patient: true });
      if (wait === undefined) {
        await stage(topic, config);
        return true;
      }
      await wait;
    }
  }
}

function becomesDurable(topic: Instance, config: TopicConfig): boolean {
  return topic.plan.config.durability === "ephemeral" && config.durability !== "ephemeral";
}

/** What it evicts by this has to be known before it is logged. */
function staysEphemeral(topic: Instance, config: TopicConfig): boolean {
  return topic.plan.config.durability === "ephemeral" && config.durability === "ephemeral";
}

/** Keeps everything else from being staged while `steps` run. */
export async function behindBarrier(topic: Instance, steps: () => Promise<void>): Promise<void> {
  let lift = (): void => undefined;
  topic.barrier = new Promise((resolve) => {
    lift = resolve;
  });
  try {
    await steps();
  } finally {
    topic.barrier = undefined;
    lift();
  }
}

function stage(topic: Instance, config: TopicConfig): Promise<void> {
  logFloors(topic);
  const { effect, answer } = answering(
    ({ stampMs }) => {
      topic.heldMs.shift();
      topic.contents.applyConfig(stampMs, config);
    },
    () => {
      topic.heldMs.shift();
    },
  );
  const fields = topic.nextFrame(frameKind.topicConfig, 0, 0);
  topic.heldMs.push(stampMsOf(fields.stamp));
  const { contents } = topic;
  const isEphemeral = contents.config.durability === "ephemeral" && config.durability === "ephemeral";
  const entry = {
    kind: "topicConfig",
    config,
    ...(isEphemeral ? { floors: contents.floorsUnder(config) } : {}),
  } as const;
  topic.submitPayload(fields, encodeEntry(entry), { at: "synced" }, effect);
  topic.plan.config = config;
  return answer;
}
