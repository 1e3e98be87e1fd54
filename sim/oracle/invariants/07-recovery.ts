/** Recovery is deterministic and idempotent: running it again changes nothing (1.10/7). */
import { difference, type Observation } from "../observation.ts";
import { Violation } from "../violation.ts";

export function recoveredTheSame(found: Observation, again: Observation): void {
  const differs = difference(found, again);
  if (differs !== undefined) throw new Violation("1.10/7", `a second recovery does not find the same: ${differs}`);
}
