/** The rules of order that the monitor watches in every run of the matrix (spec 8.1). */
import { defaultRules } from "../disk/monitor.ts";
import type { RuleFactory } from "../disk/rule.ts";
import { neverRemoved } from "../disk/rules/never-removed.ts";
import { walDroppedBeforeRemoval } from "../disk/rules/wal-dropped-before-removal.ts";
import { walHeaderLast } from "../disk/rules/wal-header-last.ts";
import { walNamedBeforeUse } from "../disk/rules/wal-named-before-use.ts";

export const storageRules: readonly RuleFactory[] = [
  ...defaultRules,
  neverRemoved(/\/LOCK$/),
  walHeaderLast,
  walNamedBeforeUse,
  walDroppedBeforeRemoval,
];
