/** Events of the engine as states that coverage counts. */
import type { EngineEvent } from "../../src/engine/events.ts";
import type { Coverage } from "./coverage.ts";

const common = new Set<EngineEvent["type"]>(["wal-synced", "wal-written"]);

export function coverEvent(coverage: Coverage, event: EngineEvent): void {
  if (common.has(event.type)) return;
  coverage.count(`events: ${event.type}`);
  if (event.type === "wal-latched") coverage.count(`state: latch ${event.rescued ? "with" : "without"} rescue`);
  if (event.type === "segment-sealed" && event.topics > 1) coverage.count("state: segment of many topics");
  if (event.type === "segment-rewritten")
    coverage.count(`state: ${event.parts > 1 ? "merge or rewrite of many parts" : "rewrite"}`);
  if (event.type === "checkpoint-written" && event.retired > 0) coverage.count("state: checkpoint that retires files");
  if (event.type === "wal-recovered" && event.powerLost) coverage.count("state: recovery after power loss");
  if (event.type === "storage-failed") coverage.count(`state: storage work failed: ${event.work}`);
}

/** A file's kind, by its name. */
export function fileFamily(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const kind = name.replaceAll(/\d+/g, "N").replace(/^[0-9a-f-]*N[0-9a-zA-ZN-]*-wal-/, "archived-wal-");
  return path.startsWith("/cold") ? `cold ${kind}` : kind;
}
