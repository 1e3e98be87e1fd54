/** Deletes over five thousand segments (spec 1.7, 6.3): what they cost where nothing, little, or all matches. */
import type { DeleteRecordsRequest } from "../../src/engine/api.ts";
import { batchOf, Opened, peakRss, sizeOf } from "./opened.ts";
import { count, mib, ms, type Scenario, type Steps } from "./scenario.ts";

const topic = "segmented";
const segments = 5000;
const recordsEach = 200;
/** Nothing is due but what a scenario wants: no rewriting, no merging. */
const never = 2 ** 40;

/** One tag that is nowhere, one that is in one record, one in a thousand, and prefixes of each. */
function tagOf(i: number): string {
  const total = segments * recordsEach;
  if (i === total / 2) return "one/only";
  if (i % (total / 1000) === 7) return "some/of-a-thousand";
  return `job/${(i * 7919) % 100_003}`;
}

async function fill({ directory }: { readonly directory: string }): Promise<{ readonly files: number }> {
  const storage = { segmentMaxRecords: recordsEach, checkpointMs: never, checkpointBytes: never };
  const opened = await Opened.open({ directory, storage });
  for (let segment = 0; segment < segments; segment++) {
    const records = Array.from({ length: recordsEach }, (_, k) => {
      const i = segment * recordsEach + k;
      return `{"data":{"n":${i}},"tag":"${tagOf(i)}"}`;
    });
    await opened.append(topic, batchOf(records));
    if (opened.count("segment-sealed") <= segment) await opened.until("segment-sealed");
  }
  await opened.close();
  return { files: (await sizeOf(directory)).segments };
}

interface Timed {
  readonly what: string;
  readonly deleted: number;
  readonly ms: number;
  readonly stateMs: number;
}

async function measure({ directory }: { readonly directory: string }): Promise<{
  readonly openMs: number;
  readonly timed: readonly Timed[];
  readonly peakRss: number;
}> {
  const opened = await Opened.open({ directory, storage: { checkpointMs: never, checkpointBytes: never } });
  const { engine } = opened;
  const timed: Timed[] = [];
  const time = async (what: string, request: DeleteRecordsRequest, expected: number): Promise<void> => {
    const started = performance.now();
    const { deleted } = await engine.deleteRecords(topic, request);
    const took = performance.now() - started;
    if (deleted !== expected) throw new Error(`${what}: ${deleted} instead of ${expected}`);
    const before = performance.now();
    engine.topicState(topic, false);
    timed.push({ what, deleted, ms: took, stateMs: performance.now() - before });
  };
  const eq = (value: string): DeleteRecordsRequest => ({ beforeSeq: undefined, match: { op: "Eq", value } });
  const glob = (prefix: string): DeleteRecordsRequest => ({ beforeSeq: undefined, match: { op: "Glob", prefix } });
  await time("a tag outside of all ranges", eq("zzz"), 0);
  await time("a tag inside of all ranges that is nowhere, first time", eq("job/nowhere"), 0);
  await time("the same again", eq("job/nowhere"), 0);
  await time("a prefix that is nowhere", glob("nothing/"), 0);
  await time("a tag that one record has", eq("one/only"), 1);
  await time("a tag that 1000 records in 1000 segments have", eq("some/of-a-thousand"), 1000);
  const half = (segments * recordsEach) / 2;
  // What is gone already is not counted: the one of that tag and half of the thousand.
  await time(`everything before seq ${count(half)}`, { beforeSeq: half, match: undefined }, half - 1 - 500);
  const left = engine.topicState(topic, false).count;
  await time("a prefix that all the rest has", glob("job/"), left);
  await opened.close();
  return { openMs: opened.openMs, timed, peakRss: peakRss() };
}

export const steps: Steps = { "deletes-fill": fill, "deletes-measure": measure };

export const scenario: Scenario = {
  name: "deletes",
  title: `Deletes over ${count(segments)} segments of ${recordsEach} tagged records`,
  about: [
    "Nearly every record has a tag of its own. Started fresh: indexes, filters and tag tables come from the disk when they",
    "are needed first. No checkpoint comes between, so nothing is rewritten or merged.",
  ],
  async run(context) {
    const directory = await context.directory();
    const { files } = await context.step<{ files: number }>("deletes-fill", { directory });
    const found = await context.step<Awaited<ReturnType<typeof measure>>>("deletes-measure", { directory });
    const longest = Math.max(...found.timed.map(({ stateMs }) => stateMs));
    return [
      { what: "segment files", figure: count(files) },
      { what: "start", figure: ms(found.openMs) },
      ...found.timed.map(({ what, deleted, ms: took }) => ({
        what: `delete: ${what}`,
        figure: `${ms(took)}${deleted > 0 ? `, ${count(deleted)} records` : ""}`,
      })),
      { what: "state of the topic after each, longest", figure: ms(longest) },
      { what: "peak RSS", figure: mib(found.peakRss) },
    ];
  },
};
