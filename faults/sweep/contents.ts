/**
 * All that a server shows, as one text that can be compared (spec 6.6, 9.2): every topic with its numbers, its records as a
 * reader from 0 gets them, and again as readers of each of its tags do. Where a read fails because of damage, a line says so
 * for the one record that was asked for, and the reader goes on behind it.
 */
import { TopicsError } from "../../src/base/errors.ts";
import type { Predicate } from "../../src/base/predicate.ts";
import type { RunningEngine } from "../../src/engine/engine.ts";
import type { ReadRequest, ReadResult } from "../../src/topic/read.ts";
import { wholeRead } from "../../src/topic/testing/whole-read.ts";

const mostRecords = 1000;

export async function everythingIn(engine: RunningEngine): Promise<string> {
  const lines: string[] = [];
  for (const { topic } of engine.listTopics("", undefined, 1000, false).topics) {
    const { headSeq, earliestSeq, nextSeq, count, bytes, config } = engine.topicState(topic, false);
    const plain = Object.entries(config).map(([key, value]) => `${key}=${String(value)}`);
    lines.push(
      `topic ${topic} ${headSeq} ${earliestSeq} ${nextSeq} ${count} ${bytes} ${plain.join(" ")}`,
      ...(await readThrough(engine, topic, undefined)),
    );
    for (const match of [{ op: "Eq", value: "a" } as const, { op: "Glob", prefix: "t" } as const]) {
      lines.push(`  matching ${match.op}`);
      for (const line of await readThrough(engine, topic, match)) lines.push(`  ${line}`);
    }
  }
  return lines.join("\n");
}

async function readThrough(engine: RunningEngine, topic: string, match: Predicate | undefined): Promise<string[]> {
  const lines: string[] = [];
  for (let fromSeq = 0; ;) {
    const read = await tryRead(engine, topic, { ...request, fromSeq, match });
    const page =
      typeof read === "string" ? await tryRead(engine, topic, { ...request, fromSeq, match, limit: 1 }) : read;
    if (typeof page === "string") {
      fromSeq++;
      lines.push(`  unreadable ${fromSeq} ${page}`);
      if (fromSeq >= engine.topicState(topic, false).headSeq) return lines;
      continue;
    }
    if (page.tombstone) lines.push(`  gone ${JSON.stringify(page.tombstone)}`);
    for (const slice of page.slices)
      for (const record of Buffer.from(slice).toString("latin1").split(betweenRecords)) lines.push(`  ${record}`);
    page.release();
    if (page.caughtUp || page.nextFromSeq === fromSeq) return lines;
    fromSeq = page.nextFromSeq;
  }
}

/** A string names the place that is damaged. */
async function tryRead(engine: RunningEngine, topic: string, asked: ReadRequest): Promise<ReadResult | string> {
  try {
    return await engine.read(topic, asked);
  } catch (error) {
    const { segment, offset } = (error instanceof TopicsError ? error.detail : undefined) ?? {};
    if (typeof segment !== "string" || typeof offset !== "number") throw error;
    return `${segment} ${offset}`;
  }
}

const request: ReadRequest = { ...wholeRead, limit: mostRecords };

const betweenRecords = /(?<=\}),(?=\{"\$seq":)/;
const unreadable = /^ +unreadable (\d+) (\S+) (\d+)$/;
const recordSeq = /^ +\{"\$seq":(\d+),/;

/**
 * Why what is found is not what was there: a line that is missing, or another one. What could not be read, and says why,
 * counts as what was there, if it names one of the files that were damaged.
 */
export function differenceOf(found: string, expected: string, files: readonly string[]): string | undefined {
  const [lines, wanted] = [found.split("\n"), expected.split("\n")];
  let at = 0;
  for (const line of lines) {
    const [, seq, file] = unreadable.exec(line) ?? [];
    if (seq === undefined) {
      if (line !== wanted[at])
        return `other contents: "${line.slice(0, 300)}" instead of "${wanted[at]?.slice(0, 300)}"`;
      at++;
      continue;
    }
    if (!files.includes(file)) return `a read that fails because of another file: ${line}`;
    if (recordSeq.exec(wanted[at] ?? "")?.[1] === seq) at++;
  }
  return at === wanted.length ? undefined : `nothing instead of "${wanted[at].slice(0, 300)}"`;
}

/** Records that a text says could not be read. */
export function countUnreadable(found: string): number {
  return found.split("\n").filter((line) => unreadable.test(line)).length;
}
