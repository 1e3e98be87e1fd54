/** What a shard needs of the rest of the WAL, and of the engine. */
import type { Env } from "../env/env.ts";
import type { Room } from "../storage/room.ts";
import type { ManifestStore } from "../storage/manifest.ts";
import type { WalConfig } from "./config.ts";
import type { WalEvents } from "./events.ts";
import type { Lineage } from "./successor.ts";
import type { SyncedPlaces } from "./synced-places.ts";

export interface ShardDeps {
  readonly env: Env;
  readonly directory: string;
  readonly config: WalConfig;
  readonly lineage: Lineage;
  readonly manifest: ManifestStore;
  readonly places: SyncedPlaces;
  readonly events: WalEvents;
  readonly room: Room;
  /** An index that no WAL file of this directory had before. */
  nextIndex(): number;
  /** µs, strictly increasing over all shards. */
  nextStamp(): number;
  /** Leaves word in the lock file; never rejects. */
  noteLatch(shard: number): Promise<void>;
  /** A bug: the process cannot go on. */
  crash(error: unknown): void;
}
