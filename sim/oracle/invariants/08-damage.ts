/** Damage is reported, and never served: an error that names the segment is such a report (1.10/8, 6.6). */
import { TopicsError } from "../../../src/base/errors.ts";

export function reportsDamage(error: unknown): boolean {
  return error instanceof TopicsError && error.detail?.["segment"] !== undefined;
}
