/** Everything that a reader from 0 is given, records and gaps, and what must hold of it (spec 1.5, 1.10, 9.4/4). */
import { equal, fail, truth } from "../expect.ts";
import type { Topic } from "../topic.ts";
import type { WireRecord } from "../wire.ts";

export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface Reading {
  readonly records: readonly WireRecord[];
  readonly gaps: readonly Gap[];
  readonly headSeq: number;
}

const mostReads = 100_000;

export async function everything(topic: Topic): Promise<Reading> {
  const records: WireRecord[] = [];
  const gaps: Gap[] = [];
  let from = 0;
  for (let reads = 0; reads < mostReads; reads++) {
    const answer = await topic.read({ from_seq: from, include_tags: true });
    const { tombstone } = answer;
    if (tombstone !== null) {
      equal(tombstone.gap_from, from + 1, "gap_from stands behind the cursor");
      gaps.push({ from: tombstone.gap_from, to: tombstone.gap_to, reason: tombstone.reason });
    }
    for (const record of answer.records) {
      truth(record.$seq > from, `seqs ascend: ${record.$seq} after ${from}`);
      from = record.$seq;
      records.push(record);
    }
    from = Math.max(from, answer.next_from_seq);
    if (answer.caught_up) return { records, gaps, headSeq: answer.head_seq };
  }
  return fail(`${topic.name} is not read to its end in ${mostReads} reads`);
}

/** Every record that was acked is there as it was, or lies in a gap that readers are told of. */
export function announced(reading: Reading, acked: ReadonlyMap<number, unknown>): void {
  const found = new Map(reading.records.map((record) => [record.$seq, record.data]));
  for (const [seq, data] of acked) {
    const isTold = reading.gaps.some(({ from, to }) => seq >= from && seq <= to);
    if (found.has(seq)) equal(found.get(seq), data, `data of ${seq}`);
    else truth(isTold, `${seq} is gone, and no gap announces it`);
  }
}

/** Nothing is missing, and nothing is announced. */
export async function whole(topic: Topic, data: readonly unknown[]): Promise<void> {
  const reading = await everything(topic);
  equal(reading.gaps, [], `gaps of ${topic.name}`);
  equal(
    reading.records.map((record) => record.data),
    data,
    `data of ${topic.name}`,
  );
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
