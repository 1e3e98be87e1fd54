/** The rules of order that the monitor watches wherever an engine runs on the simulated disk (spec 8.1). */
import { defaultRules } from "./monitor.ts";
import type { RuleFactory } from "./rule.ts";
import { checkpointBehindSync } from "./rules/checkpoint-behind-sync.ts";
import { deleteEntrySynced } from "./rules/delete-entry-synced.ts";
import { keptFilesStay } from "./rules/kept-files-stay.ts";
import { manifestNamesWhatIsThere } from "./rules/manifest-names-what-is-there.ts";
import { neverRemoved } from "./rules/never-removed.ts";
import { otherNameDurable } from "./rules/other-name-durable.ts";
import { walDroppedBeforeRemoval } from "./rules/wal-dropped-before-removal.ts";
import { walHeaderLast } from "./rules/wal-header-last.ts";
import { walNamedBeforeUse } from "./rules/wal-named-before-use.ts";

/** For a log alone, of which nobody keeps checkpoints. */
export const walRules: readonly RuleFactory[] = [
  ...defaultRules,
  neverRemoved(/^(?!.*\.tmp\/).*\/LOCK$/),
  walHeaderLast,
  walNamedBeforeUse,
  walDroppedBeforeRemoval,
];

/** What a disk is watched by when nothing else is asked for. */
export const storageRules: readonly RuleFactory[] = [
  ...walRules,
  checkpointBehindSync,
  keptFilesStay,
  manifestNamesWhatIsThere,
  deleteEntrySynced,
  otherNameDurable,
];
