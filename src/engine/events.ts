/** What the engine reports, the WAL's reports among it (design: events, not log calls). */
import type { WalEvent } from "../wal/events.ts";

export type EngineEvent =
  | WalEvent
  | { readonly type: "recovered"; readonly topics: number; readonly records: number; readonly ms: number }
  | {
      readonly type: "hole-found";
      readonly topic: string;
      readonly from: number;
      readonly to: number;
      readonly cause: string;
    }
  | { readonly type: "shards-kept"; readonly recorded: number; readonly asked: number }
  | { readonly type: "clock-jumped"; readonly byMs: number }
  | { readonly type: "stopped" };

export type EngineEvents = (event: EngineEvent) => void;
