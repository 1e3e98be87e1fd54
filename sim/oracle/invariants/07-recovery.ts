/** Recovery is deterministic and idempotent: running it again changes nothing (1.10/7). */
import { difference, type Observation } from "../observation.ts";
import { Violation } from "../violation.ts";

/** `goesOn`: topics that routers lead to, where something new may be by the time anybody looks. */
export function recoveredTheSame(
  found: Observation,
  again: Observation,
  goesOn: (topic: string) => boolean = () => false,
): void {
  const still = (seen: Observation): Observation => new Map([...seen].filter(([topic]) => !goesOn(topic)));
  const differs = difference(still(found), still(again));
  if (differs !== undefined) throw new Violation("1.10/7", `a second recovery does not find the same: ${differs}`);
}
