/** What kind of run: how often each actor has its turn, what the server is like, and what may be asked of the disk. */
import { defaultStorageConfig } from "../../src/engine/storage-config.ts";
import type { ServerConfig } from "../crash-matrix/machine.ts";
import type { Prng } from "../prng.ts";

export interface Profile {
  readonly name: string;
  readonly about: string;
  /** By actor; an actor that is not named has its own. */
  readonly weights: Readonly<Record<string, number>>;
  readonly hasCold?: boolean;
  /** Clients speak HTTP to the whole application. */
  readonly speaksHttp?: boolean;
  /** Syncs may lie: what was acked may be gone after a loss of power, and nothing need tell. */
  readonly syncsLie?: boolean;
}

export const profiles: readonly Profile[] = [
  { name: "mixed", about: "something of everything", weights: {} },
  {
    name: "cold",
    about: "a cold directory, and much that is deleted",
    weights: { deleter: 20, crash: 4 },
    hasCold: true,
  },
  {
    name: "faults",
    about: "a disk that fails, stalls and fills up",
    weights: { "disk-fault": 16, crash: 3, auditor: 4 },
  },
  {
    name: "power",
    about: "power is lost, again and again, also while a server starts",
    weights: { "power-loss": 9, crash: 1, stopper: 1 },
  },
  {
    name: "lying",
    about: "syncs that report what they have not done",
    weights: { "lying-sync": 8, "power-loss": 4, crash: 2, backup: 0, repeater: 0 },
    syncsLie: true,
  },
  {
    name: "routers",
    about: "topics forwarded into others, through crashes and losses of power",
    weights: { router: 25, crash: 3, "power-loss": 3, backup: 0, clock: 0, "disk-fault": 0 },
  },
  {
    name: "queues",
    about: "workers of queues that die, come too late and lose their leases; dead letters and back",
    weights: {
      ...{ worker: 60, writer: 8, deleter: 3, operator: 6, repeater: 1, crash: 4, "power-loss": 4 },
      ...{ reader: 0, poller: 0, watcher: 0, follower: 0, "short-lived": 0, backup: 0, clock: 0, "disk-fault": 0 },
    },
  },
  {
    name: "clock",
    about: "clocks jump, stop and disagree, and records expire",
    weights: { clock: 12, "short-lived": 12, stopper: 4 },
  },
  {
    name: "http",
    about: "the whole HTTP application, over connections in memory",
    weights: { "cut-off": 6, stranger: 4, poller: 6 },
    hasCold: true,
    speaksHttp: true,
  },
];

export function profileNamed(name: string): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found === undefined)
    throw new Error(`there is no profile ${name}: ${profiles.map((profile) => profile.name).join(", ")}`);
  return found;
}

export const directories = { data: "/data", cold: "/cold", archive: "/archive", backups: "/backups" };

/** Thresholds so low that everything happens soon. */
export function drawServer(prng: Prng, { hasCold }: Profile): ServerConfig {
  return {
    shards: prng.between(1, 3),
    shardsAsked: true,
    wal: {
      fileBytes: 64 << 10,
      diskSyncMs: prng.pick([20, 100]),
      queueBytes: 1 << 20,
      archiveDirectory: prng.chance(25) ? directories.archive : undefined,
    },
    storage: {
      ...defaultStorageConfig,
      reserveBytes: 64 << 10,
      cacheBytes: prng.pick([0, 16 << 10, 1 << 20]),
      tailBytes: prng.pick([16 << 10, 64 << 10, 1 << 20]),
      segmentMaxRecords: prng.pick([3, 8, 25]),
      segmentMaxBytes: prng.pick([4 << 10, 64 << 10]),
      segmentMaxAgeMs: 60_000,
      checkpointBytes: prng.pick([8 << 10, 64 << 10]),
      checkpointMs: prng.pick([300, 1000, 5000]),
      coldDirectory: hasCold === true ? directories.cold : undefined,
      hotRetainSegments: prng.between(0, 2),
      hotRetainBytes: 0,
      backupDirectory: directories.backups,
    },
  };
}
