/**
 * A server some of whose records can't be read (spec 6.6): reads of that range fail and say which file it is, all others give
 * what they gave before, byte for byte; nothing is skipped in silence.
 */
import assert from "node:assert/strict";
import { TopicsError } from "../src/base/errors.ts";
import { baseName } from "../src/storage/layout.ts";
import type { Machine } from "../sim/crash-matrix/machine.ts";
import { parseRecords, readRequest, type SeenRecord } from "../sim/oracle/observation.ts";
import type { Tombstone } from "../src/topic/read.ts";
import type { FailsToRead } from "./fault-case.ts";
import type { Scene } from "./scene.ts";
import { topicText } from "./topic-text.ts";

interface Reading {
  readonly records: SeenRecord[];
  readonly tombstones: Tombstone[];
  readonly unreadable: SeenRecord[];
}

export async function partlyReadable(scene: Scene, outcome: FailsToRead): Promise<void> {
  const before = await scene.undamaged();
  await judge(scene, scene.machine, before, outcome);
  const { client } = scene.machine;
  for (const topic of Object.keys(outcome.holds))
    await scene.answered(undefined, client.append(topic, 1), `append to ${topic}`);
  scene.saw("segment-damaged");
  const again = scene.copy();
  await again.start();
  for (const [topic, text] of Object.entries(outcome.unreadable))
    assert.equal(texts(await read(again, topic)).unreadable, text, "the next start finds the same of it unreadable");
}

async function judge(scene: Scene, machine: Machine, before: Machine, outcome: FailsToRead): Promise<void> {
  const [holds, unreadable]: Record<string, string>[] = [{}, {}];
  const damaged = new Set(scene.damages.map(({ path }) => baseName(path)));
  for (const topic of Object.keys(outcome.holds)) {
    const was = new Map((await read(before, topic)).records.map((record) => [record.seq, record]));
    const reading = await read(machine, topic, damaged);
    for (const record of reading.records) assert.deepEqual(record, was.get(record.seq), `${topic} ${record.seq}`);
    const found = texts(reading);
    holds[topic] = found.holds;
    if (found.unreadable !== "") unreadable[topic] = found.unreadable;
  }
  scene.tell(`holds ${JSON.stringify(holds)}, can't read ${JSON.stringify(unreadable)}`);
  assert.deepEqual({ holds, unreadable }, { holds: outcome.holds, unreadable: outcome.unreadable });
}

function texts({ records, tombstones, unreadable }: Reading): { holds: string; unreadable: string } {
  return { holds: topicText({ records, tombstones }), unreadable: topicText({ records: unreadable, tombstones: [] }) };
}

/** Page by page, and one by one where that fails. */
async function read(machine: Machine, topic: string, damaged?: ReadonlySet<string>): Promise<Reading> {
  const reading: Reading = { records: [], tombstones: [], unreadable: [] };
  const { headSeq } = machine.engine.topicState(topic, false);
  for (let from = 0; from < headSeq;) {
    try {
      const page = await machine.until(machine.engine.read(topic, readRequest(from, 1, 0)));
      if (page.tombstone !== undefined) reading.tombstones.push(page.tombstone);
      reading.records.push(...parseRecords(page.slices));
      page.release();
      if (page.caughtUp || page.nextFromSeq === from) break;
      from = page.nextFromSeq;
    } catch (error) {
      assert.ok(error instanceof TopicsError && error.code === "internal", String(error));
      const segment = error.detail?.["segment"];
      assert.ok(typeof segment === "string", "the error names a segment");
      assert.ok(damaged?.has(baseName(segment)) ?? true, `it names the damaged one: ${segment}`);
      from++;
      reading.unreadable.push({ seq: from, ts: 0, data: "", tag: undefined, node: undefined, meta: undefined });
    }
  }
  return reading;
}
