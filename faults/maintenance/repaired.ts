/** A directory that is damaged, repaired, verified and served: what is left of it against what there was (spec 6.6, 9.4). */
import assert from "node:assert/strict";
import { diskEnv } from "../../sim/files/disk-env.ts";
import type { SimulatedDisk } from "../../sim/disk/disk.ts";
import type { Env } from "../../src/env/env.ts";
import { nodeEnv } from "../../src/env/node-env.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { repair } from "../../src/maintenance/repair/repair.ts";
import type { RepairReport, TopicReport } from "../../src/maintenance/repair/repair-report.ts";
import { verify } from "../../src/maintenance/verify/verify.ts";
import { type Gap, served, type TopicContents } from "./contents.ts";

export interface Repaired {
  readonly report: RepairReport;
  readonly contents: ReadonlyMap<string, TopicContents>;
}

const directory = "/data";
const target = "/new";

/** Real timers: an engine that is only started and stopped needs no virtual time. */
function envOn(disk: SimulatedDisk): Env {
  return { ...diskEnv(disk), timers: nodeEnv().timers };
}

/** What a server makes of the directory. */
export function servedOn(disk: SimulatedDisk, path = directory): Promise<ReadonlyMap<string, TopicContents>> {
  return served(envOn(disk.clone()), path);
}

/** Repairs the damaged directory, and holds the result against everything that a repair promises. */
export async function repaired(disk: SimulatedDisk): Promise<Repaired> {
  const env = envOn(disk);
  const before = evidence(disk);
  const report = await repair({ env, directory, cold: undefined, target, progress: noProgress });
  assert.equal(report.outcome, "ok", `${report.reason}: ${JSON.stringify(report.damaged)}`);
  assert.deepEqual(evidence(disk), before, "the evidence is left as it is");
  // Nothing of it is in the cache alone.
  const after = disk.powerLoss("none");
  const contents = await served(envOn(after), target);
  const checked = await verify({ env: envOn(after), directory: target, cold: undefined, progress: noProgress });
  assert.equal(checked.outcome, "ok", JSON.stringify(checked.files.filter(({ outcome }) => outcome !== "ok")));
  assert.deepEqual(gapless(await served(envOn(after), target)), gapless(contents), "a second start finds the same");
  return { report, contents };
}

function evidence(disk: SimulatedDisk): unknown {
  return disk
    .files()
    .filter((path) => path.startsWith(`${directory}/`))
    .map((path) => [path, Buffer.from(disk.contents(path)).toString("latin1")]);
}

/** Records and configuration; holes may grow where a class asks for it at every start. */
function gapless(contents: ReadonlyMap<string, TopicContents>): unknown {
  return [...contents].map(([name, { records, config }]) => [name, config, [...records]]);
}

export interface Comparison {
  readonly lost: number;
  readonly revived: number;
}

/**
 * No record is another one than it was; whatever is not there any more lies in a gap that readers are told of, and within
 * what the report gives up; nothing comes back that was deleted, but where the report says so.
 */
export function compare(
  { report, contents }: Repaired,
  whole: ReadonlyMap<string, TopicContents>,
  names: (id: number) => string,
): Comparison {
  const sum = { lost: 0, revived: 0 };
  const reports = new Map(
    report.topics.map((one) => [one.topic.replace(/^recovered-(\d+)$/, (_, id) => names(Number(id))), one]),
  );
  for (const [topic, before] of whole) {
    const after =
      contents.get(topic) ??
      [...contents].find(
        ([name]) => `recovered-` === name.slice(0, 10) && names(Number(name.slice(10))) === topic,
      )?.[1];
    const own: TopicReport | undefined = reports.get(topic);
    // Without a checkpoint nothing tells of a topic whose log is gone, if it has no segment.
    const isTold = report.notes.length > 0 && report.checkpoint === undefined;
    assert.ok(after !== undefined || before.records.size === 0 || isTold, `${topic} is gone`);
    if (after === undefined) continue;
    const newest = Math.max(0, ...before.records.keys());
    assert.ok(
      after.head >= newest,
      `${topic}: seqs up to ${newest} were given out, and it goes on at ${after.head + 1}`,
    );
    for (const [seq, record] of before.records) {
      const found = after.records.get(seq);
      if (found !== undefined) {
        assert.equal(found, record, `${topic} ${seq} is another record`);
        continue;
      }
      sum.lost++;
      const gap: Gap | undefined = after.gaps.find(({ from, to }) => seq >= from && seq <= to);
      assert.ok(gap !== undefined, `${topic} ${seq} is lost, and nobody is told: ${JSON.stringify(after.gaps)}`);
      // A cap takes others where a delete was lost.
      if (gap.reason === "cap" && own !== undefined) continue;
      assert.equal(gap.reason, "corrupt", `${topic} ${seq}`);
      const isReported = own?.givenUp.some(({ first, last }) => seq >= first && seq <= last);
      assert.ok(isReported, `${topic} ${seq} is given up without a word: ${JSON.stringify(own)}`);
    }
    for (const seq of after.records.keys()) {
      if (before.records.has(seq)) continue;
      sum.revived++;
      assert.ok(
        own !== undefined && own.notes.length + own.operations.length > 0,
        `${topic} ${seq} came back without a word`,
      );
    }
  }
  return sum;
}
