/** Files that are never unlinked or renamed away (spec 6.6: the lock). */
import type { RuleFactory } from "../rule.ts";

export function neverRemoved(names: RegExp): RuleFactory {
  return () => ({
    name: "never removed",
    calls: ["unlink", "rename"],
    observe: ({ type, call }) => {
      if (type !== "issued") return undefined;
      const removes = call.name === "unlink" || call.name === "rename";
      const gone = names.test(call.path) || (call.to !== undefined && names.test(call.to));
      return removes && gone ? "this file must stay" : undefined;
    },
  });
}
