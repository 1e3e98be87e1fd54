/** The topics that actors know of, and what they can see of them. */
import type { CommitClass } from "../../src/topic/config.ts";
import type { Prng } from "../prng.ts";
import type { Stage } from "../run/stage.ts";

export const classes: readonly CommitClass[] = ["ephemeral", "memory", "disk", "fsync"];
export const topicNames: readonly string[] = ["a", "b", "c", "d", "e"];
export const tags: readonly string[] = ["red", "red:1", "red:2", "blue", "blue:1"];

export function drawTopic(prng: Prng): string {
  return prng.pick(topicNames);
}

export function isThere(stage: Stage, topic: string): boolean {
  return stage.oracle.topic(topic).live !== undefined;
}
