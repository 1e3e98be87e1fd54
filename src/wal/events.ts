/** What the WAL reports; logs, metrics and simulator coverage subscribe (design: events, not log calls). */

export type WalEvent =
  | { readonly type: "wal-rotated"; readonly shard: number; readonly index: number }
  | { readonly type: "wal-synced"; readonly shard: number; readonly bytes: number; readonly ms: number }
  | { readonly type: "wal-written"; readonly shard: number; readonly frames: number; readonly bytes: number }
  | { readonly type: "wal-marked"; readonly shard: number }
  | {
      readonly type: "wal-latched";
      readonly shard: number;
      readonly errno: string | undefined;
      readonly rescued: boolean;
    }
  | { readonly type: "wal-abandoned"; readonly shard: number; readonly errno: string | undefined }
  | { readonly type: "wal-space-short"; readonly shard: number; readonly errno: string | undefined }
  | { readonly type: "wal-space-back"; readonly shard: number }
  | { readonly type: "wal-retired"; readonly shard: number; readonly index: number }
  /** It, and the files behind it, stay where they are until the archive takes it. */
  | {
      readonly type: "wal-archive-failed";
      readonly shard: number;
      readonly index: number;
      readonly errno: string | undefined;
    }
  | {
      readonly type: "wal-tail-cut";
      readonly shard: number;
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly type: "wal-recovered"; readonly shard: number; readonly frames: number; readonly powerLost: boolean };

export type WalEvents = (event: WalEvent) => void;
