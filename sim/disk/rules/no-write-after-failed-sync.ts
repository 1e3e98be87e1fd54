/**
 * After a failed sync nothing more is written to that file: the cache is no witness of what is on the device (spec 6.6).
 * Names matched by `except` may be (the lock file holds the latch note).
 */
import type { RuleFactory } from "../rule.ts";

export function noWriteAfterFailedSync(except: RegExp = /\bLOCK$/i): RuleFactory {
  return () => {
    const failed = new Set<number>();
    return {
      name: "no write after a failed sync",
      calls: ["write", "truncate", "datasync"],
      observe: (event) => {
        const { call } = event;
        if (call.node === undefined || except.test(call.path)) return undefined;
        if (event.type === "answered") {
          if (call.name === "datasync" && event.errno !== undefined) failed.add(call.node);
          return undefined;
        }
        const changes = call.name === "write" || call.name === "truncate" || call.name === "datasync";
        return changes && failed.has(call.node) ? "a sync of this file has failed" : undefined;
      },
    };
  };
}
