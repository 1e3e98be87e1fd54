/** What cannot be read says nothing about what it holds (spec 6.6): an errno is a reason, any other error is a bug. */
import { errnoOf } from "../env/env.ts";
import type { Finding } from "./report.ts";

export async function attempt<T>(finding: Finding, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    finding.unsure(errno);
    return undefined;
  }
}
