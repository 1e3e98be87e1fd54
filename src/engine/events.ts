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
  | { readonly type: "checkpoint-damaged"; readonly number: number; readonly reason: string }
  | {
      readonly type: "checkpoint-written";
      readonly number: number;
      readonly bytes: number;
      readonly topics: number;
      readonly ms: number;
      /** WAL files that it made superfluous. */
      readonly retired: number;
    }
  | { readonly type: "checkpoint-failed"; readonly errno: string | undefined; readonly reason: string }
  | {
      readonly type: "segment-sealed";
      readonly file: number;
      readonly topics: number;
      readonly records: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly type: "segment-rewritten"; readonly file: number; readonly parts: number; readonly into: number }
  | {
      readonly type: "segment-rescued";
      readonly topic: string;
      readonly file: number;
      readonly firstSeq: number;
      readonly lastSeq: number;
      readonly blocks: number;
    }
  | { readonly type: "segment-moved"; readonly file: number; readonly bytes: number }
  | { readonly type: "segments-removed"; readonly files: number }
  | { readonly type: "storage-failed"; readonly work: string; readonly errno: string | undefined }
  | {
      readonly type: "segment-damaged";
      readonly topicId: number;
      readonly file: string;
      readonly at: number;
      readonly bytes: number;
      readonly errno: string | undefined;
    }
  | {
      readonly type: "backup-made";
      readonly name: string;
      readonly files: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | {
      readonly type: "backup-failed";
      readonly name: string;
      readonly errno: string | undefined;
      readonly reason: string;
    }
  | { readonly type: "shards-changed"; readonly from: number; readonly to: number }
  /** Jobs were delivered once more, because they could not be moved to the dead letters. */
  | {
      readonly type: "dead-letter-failed";
      readonly topic: string;
      readonly to: string;
      readonly jobs: number;
      readonly code: string;
    }
  | { readonly type: "clock-jumped"; readonly byMs: number }
  | { readonly type: "stopped" };

export type EngineEvents = (event: EngineEvent) => void;
