/**
 * Another number of shards (spec 6.2): everything that was recovered is sealed, two checkpoints cover it, and one manifest
 * names them and the files of the new layout. Interrupted before that, the old layout is what the next start finds.
 */
import type { Manifest, ManifestStore } from "../storage/manifest.ts";
import type { LogPlace } from "../wal/commit.ts";
import { type CheckpointedLog, Checkpointer, type CheckpointerDeps } from "./checkpointer.ts";
import { checkpointsKept, type KeptCheckpoint } from "./kept-checkpoints.ts";

type Deps = Omit<CheckpointerDeps, "wal" | "nameKept" | "forgetGone"> & { readonly manifest: ManifestStore };

/** Gives the checkpoints that count from now on. */
export async function coverNewLayout(
  deps: Deps,
  places: readonly LogPlace[],
  change: (manifest: Manifest) => Manifest,
): Promise<readonly KeptCheckpoint[]> {
  const nameKept = async (numbers: readonly number[]): Promise<void> => {
    if (numbers.length < checkpointsKept) return;
    await deps.manifest.update((current) => ({ ...change(current), checkpoints: numbers }));
  };
  const checkpointer = new Checkpointer({ ...deps, wal: logAt(places), nameKept, forgetGone: () => undefined }, []);
  for (let written = 0; written < checkpointsKept; written++) await checkpointer.writeOrFail();
  return checkpointer.kept;
}

/** A log in which nothing is written: it ends where it begins. */
function logAt(places: readonly LogPlace[]): CheckpointedLog {
  return {
    shards: places.map((place, number) => ({
      number,
      latched: false,
      hung: false,
      place: () => place,
      synced: () => Promise.resolve(true),
      rotate: () => Promise.resolve(true),
    })),
    synced: places,
    loggedBytes: () => 0,
    retire: () => Promise.resolve(0),
  };
}
