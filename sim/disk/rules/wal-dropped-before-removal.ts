/**
 * A WAL file is unlinked only when no manifest that may be found names it any more (spec 6.4, 6.6): a named file that is
 * missing is damage.
 */
import { manifestName, parentOf } from "../../../src/storage/layout.ts";
import type { Rule } from "../rule.ts";
import { namedBy, nameOf } from "./wal-named-before-use.ts";

const walPath = /\/wal-\d+-\d+\.log$/;

/** What the manifest renamed last names, and what the ones before it name that a power loss may bring back. */
interface Named {
  readonly renamed: ReadonlySet<string>;
  readonly earlier: Set<string>;
}

export function walDroppedBeforeRemoval(): Rule {
  const directories = new Map<string, Named>();
  return {
    name: "a WAL file is dropped from the manifest before it is removed",
    calls: ["rename", "syncDir", "unlink"],
    observe: ({ type, call, ...event }, disk) => {
      const failed = "errno" in event && event.errno !== undefined;
      if (type === "answered" && !failed) {
        if (call.name === "rename" && call.to?.endsWith(`/${manifestName}`) === true) {
          const directory = parentOf(call.to);
          const before = directories.get(directory);
          const earlier = new Set([...(before?.earlier ?? []), ...(before?.renamed ?? [])]);
          directories.set(directory, { renamed: namedBy(call.to, disk), earlier });
        }
        if (call.name === "syncDir") directories.get(call.path)?.earlier.clear();
      }
      if (type !== "issued" || call.name !== "unlink" || !walPath.test(call.path)) return undefined;
      const named = directories.get(parentOf(call.path));
      const name = nameOf(call.path);
      const mayBeNamed = named !== undefined && (named.renamed.has(name) || named.earlier.has(name));
      return mayBeNamed ? "a manifest that may be found names it" : undefined;
    },
  };
}
