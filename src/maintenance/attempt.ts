/**
 * What cannot be read says nothing about what it holds (spec 6.6): an errno is a reason, and so is a checkpoint that was
 * good and reads differently a moment later. Any other error is a bug.
 */
import { CheckpointDamage } from "../checkpoint/damage.ts";
import { errnoOf } from "../env/env.ts";
import type { Finding } from "./report.ts";

export async function attempt<T>(finding: Finding, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof CheckpointDamage ? error.reason : errnoOf(error);
    if (reason === undefined) throw error;
    finding.unsure(reason);
    return undefined;
  }
}
