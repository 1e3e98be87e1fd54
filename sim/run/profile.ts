/** What kind of run: how often each actor has its turn, and what the server is like. */
import { defaultStorageConfig } from "../../src/engine/storage-config.ts";
import type { ServerConfig } from "../crash-matrix/machine.ts";
import type { Prng } from "../prng.ts";

export interface Profile {
  readonly name: string;
  readonly about: string;
  /** By actor; an actor that is not named has its own. */
  readonly weights: Readonly<Record<string, number>>;
  readonly hasCold: boolean;
}

export const profiles: readonly Profile[] = [
  { name: "mixed", about: "something of everything", weights: {}, hasCold: false },
  {
    name: "cold",
    about: "a cold directory, and much that is deleted",
    weights: { deleter: 20, crash: 4 },
    hasCold: true,
  },
  { name: "faults", about: "a disk that fails", weights: { "disk-fault": 8, crash: 4, auditor: 6 }, hasCold: false },
];

export function profileNamed(name: string): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found === undefined)
    throw new Error(`there is no profile ${name}: ${profiles.map((profile) => profile.name).join(", ")}`);
  return found;
}

export const directories = { data: "/data", cold: "/cold", archive: "/archive" };

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
      coldDirectory: hasCold ? directories.cold : undefined,
      hotRetainSegments: prng.between(0, 2),
      hotRetainBytes: 0,
    },
  };
}
