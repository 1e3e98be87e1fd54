/** What the engine has to be told (spec 7.1). */
import type { StorageConfig } from "./storage-config.ts";
import type { WalConfig } from "../wal/config.ts";

export interface EngineConfig {
  readonly directory: string;
  /** Shards of a fresh directory; one that exists keeps the number it was made with. */
  readonly shards: number;
  /** The number was asked for, and is not just the default. */
  readonly shardsAsked: boolean;
  readonly wal: WalConfig;
  readonly storage: StorageConfig;
  /** 0: unlimited. */
  readonly maxTopics: number;
  readonly maxIdempotencyKeys: number;
  /** Of all retained records together. */
  readonly maxTotalBytes?: number;
  readonly routers?: RoutersConfig;
  /** 0: unlimited; the default when absent. */
  readonly maxWatchSessions?: number;
  /** How late the process may come to what is due before it refuses writes (4.5); absent or 0: it never does. */
  readonly pressureDelayMs?: number;
}

export interface RoutersConfig {
  /** 0: unlimited. */
  readonly max: number;
  /** Of one source, what has left it and is still to be forwarded. */
  readonly retainBytes: number;
}

export const defaultRoutersConfig: RoutersConfig = { max: 10_000, retainBytes: 1 << 30 };
