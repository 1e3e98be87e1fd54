/** The rules of order that the monitor watches in every run of the matrix (spec 8.1). */
import { defaultRules } from "../disk/monitor.ts";
import type { RuleFactory } from "../disk/rule.ts";
import { neverRemoved } from "../disk/rules/never-removed.ts";

export const storageRules: readonly RuleFactory[] = [...defaultRules, neverRemoved(/\/LOCK$/)];
