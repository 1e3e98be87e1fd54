/**
 * A router comes to the end of its source when nobody writes any more, unless it says what stands in its way (9.4/7). That its
 * cursor passes nothing that was not copied is what a look at its destination shows (11-copies.ts).
 */
import type { RouterState } from "../../../src/router/router.ts";
import { Violation } from "../violation.ts";

type Told = Pick<RouterState, "router" | "lag" | "pausedBy" | "lastError">;

/** After a rest. */
export function converged(routers: readonly Told[]): void {
  for (const { router, lag, pausedBy, lastError } of routers)
    if (lag > 0 && pausedBy === undefined)
      throw new Violation("9.4/7", `router ${router} is ${lag} records behind, and rests: ${lastError ?? "no error"}`);
}
