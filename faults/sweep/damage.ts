/** Damaged images of one directory, and the judgement on all of them (spec 9.2). */
import assert from "node:assert/strict";
import type { Made } from "./directories.ts";
import type { Image } from "./image.ts";
import { objection, type Outcome, startOn } from "./outcome.ts";

export interface Damage {
  readonly what: string;
  readonly files: readonly string[];
  readonly image: Image;
}

/** Each start refuses, naming a file concerned, or finds exactly the same contents, and again at the start after that. */
export async function judgeAll(made: Made, damages: Iterable<Damage>): Promise<Map<string, Outcome["kind"]>> {
  const whole = await startOn(made.image, made);
  assert.ok(whole.kind === "opened", "the undamaged directory opens");
  const outcomes = new Map<string, Outcome["kind"]>();
  for (const { what, files, image } of damages) {
    const outcome = await startOn(image, made);
    assert.equal(objection(outcome, whole.contents, files), undefined, what);
    if (outcome.kind === "opened") {
      const again = await startOn(outcome.after(), made);
      assert.ok(again.kind === "opened", `${what}, at the second start: ${JSON.stringify(again)}`);
    }
    outcomes.set(what, outcome.kind);
  }
  return outcomes;
}

/** The file that each shard ends with. */
export function lastFiles(image: Image): string[] {
  const logs = image.paths.filter((path) => path.endsWith(".log") && image.bytes(path)[0] !== 0);
  return ["wal-00-", "wal-01-"].map((shard) => logs.findLast((path) => path.includes(shard))!);
}
