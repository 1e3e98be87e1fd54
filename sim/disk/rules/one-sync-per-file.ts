/** At most one sync is in flight per file, over all its handles: a second one would swallow the first one's error (spec 6.2). */
import type { Rule } from "../rule.ts";

export function oneSyncPerFile(): Rule {
  const inFlight = new Set<number>();
  return {
    name: "one sync per file",
    calls: ["datasync"],
    observe: ({ type, call }) => {
      if (call.name !== "datasync" || call.node === undefined) return undefined;
      if (type === "answered") inFlight.delete(call.node);
      else if (inFlight.has(call.node)) return "a second sync while one is in flight";
      else inFlight.add(call.node);
      return undefined;
    },
  };
}
