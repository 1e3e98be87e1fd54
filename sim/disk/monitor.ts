/** Watches every call on a disk and remembers the first broken rule; the disk stops the process there (spec 8.1). */
import { type CallName, describeCall } from "./call.ts";
import type { DiskEvent, DiskView, Rule, RuleFactory } from "./rule.ts";
import { noRenameBeforeSync } from "./rules/no-rename-before-sync.ts";
import { noWriteAfterFailedSync } from "./rules/no-write-after-failed-sync.ts";
import { oneSyncPerFile } from "./rules/one-sync-per-file.ts";

/** The rules that hold for any storage code. */
export const defaultRules: readonly RuleFactory[] = [oneSyncPerFile, noRenameBeforeSync, noWriteAfterFailedSync()];

export class RuleBroken extends Error {
  override readonly name = "RuleBroken";
}

export class Monitor {
  readonly #factories: readonly RuleFactory[];
  /** By the call that they look at. */
  #rules = new Map<CallName, Rule[]>();
  readonly #disk: DiskView;
  #broken: RuleBroken | undefined;

  constructor(rules: readonly RuleFactory[], disk: DiskView) {
    this.#factories = rules;
    this.#disk = disk;
    this.processesDied();
  }

  /** The next process answers for its own calls: what the dead ones had begun is over. */
  processesDied(): void {
    this.#rules = new Map();
    for (const rule of this.#factories.map((make) => make()))
      for (const call of rule.calls) this.#rules.set(call, [...(this.#rules.get(call) ?? []), rule]);
  }

  get broken(): RuleBroken | undefined {
    return this.#broken;
  }

  /** False from the first broken rule on. */
  observe(event: DiskEvent): boolean {
    for (const rule of this.#rules.get(event.call.name) ?? []) {
      const wrong = rule.observe(event, this.#disk);
      if (wrong !== undefined)
        this.#broken ??= new RuleBroken(`${rule.name}: ${wrong}, at ${describeCall(event.call)}`);
    }
    return this.#broken === undefined;
  }
}
