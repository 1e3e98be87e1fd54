/** Creating and deleting a topic (spec 1.2, 2.5): both durable before they are answered. */
import { admission, smallEntryBytes } from "./admission.ts";
import { answering } from "./effect.ts";
import { behindBarrier } from "./configure.ts";
import type { Instance } from "./instance.ts";

/**
 * Logs the creation, for which `smallEntryBytes` have been admitted; `firstRecords` are known to follow at once. Rejects
 * when it fails, and then the instance never was.
 */
export function create(topic: Instance, firstRecords: number): Promise<void> {
  const { name } = topic.identity;
  topic.ceiling.expect(firstRecords);
  const { effect, answer } = answering(
    () => {
      topic.mode = "live";
      topic.deps.events.created?.(topic.identity.id);
    },
    () => leave(topic),
  );
  const { config } = topic.plan;
  topic.submitEntry({ kind: "topicCreate", name, config }, { at: "synced" }, effect);
  return answer;
}

/** `false` when somebody else's deletion came first. */
export async function drop(topic: Instance): Promise<boolean> {
  for (;;) {
    if (topic.mode === "gone") return false;
    const wait = admission(topic, smallEntryBytes, { reserve: true, patient: true });
    if (wait === undefined) break;
    await wait;
  }
  await behindBarrier(topic, () => {
    const { effect, answer } = answering(() => {
      leave(topic);
      topic.contents.clear();
    });
    topic.submitEntry({ kind: "topicDelete" }, { at: "synced", reserve: true }, effect);
    return answer;
  });
  return true;
}

function leave(topic: Instance): void {
  topic.mode = "gone";
  topic.waiters.end(topic.notFound);
  topic.deps.events.gone?.(topic.identity.id);
}
