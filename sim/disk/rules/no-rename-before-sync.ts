/** A file gets its final name only when its data is durable: else a power loss leaves the name of an empty file (spec 6.3, 6.4). */
import type { Rule } from "../rule.ts";

export function noRenameBeforeSync(): Rule {
  return {
    name: "no rename before sync",
    calls: ["rename"],
    observe: ({ type, call }, disk) =>
      type === "issued" && call.name === "rename" && call.node !== undefined && disk.hasUnsyncedData(call.node)
        ? "the file's data is not synced"
        : undefined,
  };
}
