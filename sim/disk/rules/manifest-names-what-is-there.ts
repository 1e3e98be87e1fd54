/**
 * A manifest names log files and checkpoints that are there for good, and lets go of checkpoints and logs only for two newer ones that
 * cover them (spec 6.4, 8.1). A rename whose directory was not synced has not happened, whatever is found there later: where
 * the sync failed, the process goes on from the manifest before, for which nothing has been let go of.
 */
import {
  baseName,
  checkpointFileName,
  joinPath,
  manifestName,
  parentOf,
  walFileName,
} from "../../../src/storage/layout.ts";
import type { Manifest } from "../../../src/storage/manifest.ts";
import type { DiskView, Rule } from "../rule.ts";
import { isThere } from "./checkpoint-behind-sync.ts";
import {
  checkpointIn,
  checkpointsOf,
  endsBefore,
  isIn,
  type Log,
  logsOf,
  manifestIn,
  manifestsFound,
} from "./stored.ts";

const kept = 2;

/** What a directory's manifest is, as its process has to see it. */
interface Named {
  /** Everything that may be found, until a replacement is known to be durable. */
  installed: readonly Manifest[];
  /** The last replacement, and whether a sync of the directory has failed since. */
  last: Manifest | undefined;
  failed: boolean;
}

export function manifestNamesWhatIsThere(): Rule {
  const named = new Map<string, Named>();
  return {
    name: "a manifest names what is there",
    calls: ["rename", "link", "syncDir"],
    observe: (event, disk) => {
      const { call } = event;
      if (event.type === "answered") {
        const directory = call.name === "syncDir" ? call.path : parentOf(call.to ?? "");
        const seen = event.errno === undefined ? undefined : named.get(directory);
        if (seen !== undefined) seen.failed = true;
        return undefined;
      }
      if (call.name !== "rename" || call.to === undefined || baseName(call.to) !== manifestName) return undefined;
      const directory = parentOf(call.to);
      const next = manifestIn(disk.contents(call.path));
      if (next === undefined) return "it is not whole";
      const seen = named.get(directory);
      // Who replaces it again has heard how the last time went.
      const isInstalled = seen?.last !== undefined && !seen.failed;
      const installed = isInstalled ? [seen.last!] : (seen?.installed ?? manifestsFound(disk, directory));
      named.set(directory, { installed, last: next, failed: false });
      return installed.map((one) => wrong(one, next, directory, disk)).find((found) => found !== undefined);
    },
  };
}

function wrong(before: Manifest, next: Manifest, directory: string, disk: DiskView): string | undefined {
  for (const number of next.checkpoints) {
    if (before.checkpoints.includes(number)) continue;
    const path = joinPath(directory, checkpointFileName(number));
    const bytes = disk.contents(path);
    if (bytes === undefined || checkpointIn(bytes) === undefined) return `checkpoint ${number} is not whole`;
    if (!isThere(disk, path, bytes.length)) return `checkpoint ${number} is not there for good`;
  }
  for (const { shard, index } of logsOf(next).filter((log) => !isIn(logsOf(before), log)))
    if (disk.isEntered(joinPath(directory, walFileName(shard, index))) === false)
      return `${walFileName(shard, index)} is not there for good`;
  const whole = checkpointsOf(disk, directory, next);
  for (const number of before.checkpoints) {
    const bytes = disk.contents(joinPath(directory, checkpointFileName(number)));
    const stored = bytes && checkpointIn(bytes);
    // Under another one's name it is none.
    const isGood = stored !== undefined && (stored === "foreign" || stored.number === number);
    if (!next.checkpoints.includes(number) && isGood && whole.length < kept)
      return `it lets go of checkpoint ${number}, and names ${whole.length} others`;
  }
  const { shards } = next.layouts.at(-1)!;
  for (const { shard, index } of logsOf(before).filter((log) => !isIn(logsOf(next), log))) {
    if (disk.contents(joinPath(directory, walFileName(shard, index))) === undefined) continue;
    const isOld = isOfEarlierLayout({ shard, index }, before, next);
    const covers = whole.filter(
      ({ from }) => from.length === shards && (isOld || endsBefore(disk, directory, { shard, index }, from[shard])),
    );
    if (covers.length < kept)
      return `it lets go of ${walFileName(shard, index)}, and ${covers.length} checkpoints cover it`;
  }
  return undefined;
}

/** By its index: a file of an earlier layout, all of which the checkpoints of a later one cover. */
function isOfEarlierLayout({ shard, index }: Log, before: Manifest, next: Manifest): boolean {
  const { length } = next.layouts;
  return before.layouts.some(({ files }, number) => number < length - 1 && files[shard]?.includes(index) === true);
}
