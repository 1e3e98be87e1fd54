/**
 * A WAL file is unlinked only when no manifest that may be found names it any more (spec 6.4, 6.6): a named file that is
 * missing is damage.
 */
import { manifestName } from "../../../src/storage/layout.ts";
import type { Rule } from "../rule.ts";
import { namedBy, nameOf } from "./wal-named-before-use.ts";

const walPath = /\/wal-\d+-\d+\.log$/;

export function walDroppedBeforeRemoval(): Rule {
  /** What the manifest renamed last names, and what the ones before it name that a power loss may bring back. */
  let renamed: ReadonlySet<string> = new Set();
  const earlier = new Set<string>();
  let directory: string | undefined;
  return {
    name: "a WAL file is dropped from the manifest before it is removed",
    observe: ({ type, call, ...event }, disk) => {
      const failed = "errno" in event && event.errno !== undefined;
      if (type === "answered" && !failed) {
        if (call.name === "rename" && call.to?.endsWith(`/${manifestName}`) === true) {
          for (const name of renamed) earlier.add(name);
          renamed = namedBy(call.to, disk);
          directory = call.to.slice(0, -`/${manifestName}`.length);
        }
        if (call.name === "syncDir" && call.path === directory) earlier.clear();
      }
      if (type !== "issued" || call.name !== "unlink" || !walPath.test(call.path)) return undefined;
      const name = nameOf(call.path);
      return renamed.has(name) || earlier.has(name) ? "a manifest that may be found names it" : undefined;
    },
  };
}
