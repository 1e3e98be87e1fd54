/** Holds what a reader finds against what should be there: every field, byte and announcement. */
import { isDeepStrictEqual } from "node:util";
import type { ModelTopic } from "./model.ts";
import { brief, type SeenTopic } from "./observation.ts";

/** What is wrong, in words; `undefined` when all is as it should be. */
export function mismatch(expected: ModelTopic | undefined, seen: SeenTopic | undefined): string | undefined {
  if (expected === undefined) return seen === undefined ? undefined : "it is there, and should not be";
  if (seen === undefined) return "it is not there, and should be";
  if (!isDeepStrictEqual(seen.config, expected.config))
    return `its configuration is ${brief(seen.config)}, not ${brief(expected.config)}`;
  return (
    wrongRecord(expected, seen) ??
    wrongNumber("head", seen.head, expected.head) ??
    wrongNumber("next seq", seen.next, expected.head + 1) ??
    wrongNumber("earliest seq", seen.earliest, expected.earliest) ??
    wrongNumber("count", seen.count, expected.records.length) ??
    wrongNumber("bytes", seen.bytes, expected.bytes) ??
    wrongAnnouncement(expected, seen)
  );
}

function wrongNumber(what: string, is: number, should: number): string | undefined {
  return is === should ? undefined : `its ${what} is ${is}, not ${should}`;
}

function wrongRecord(expected: ModelTopic, seen: SeenTopic): string | undefined {
  const length = Math.max(expected.records.length, seen.records.length);
  for (let at = 0; at < length; at++) {
    const [should, is] = [expected.records[at], seen.records[at]];
    if (is === undefined) return `record ${should.seq} is missing (${brief(should.record)})`;
    if (should === undefined) return `record ${is.seq} should not be there (${brief(is)})`;
    const { record } = should;
    const same =
      is.seq === should.seq &&
      is.data === record.data &&
      is.tag === record.tag &&
      is.node === record.node &&
      is.meta === record.meta;
    if (!same) return `record ${brief(is)} stands where ${should.seq} should: ${brief(record)}`;
  }
  return undefined;
}

function wrongAnnouncement(expected: ModelTopic, seen: SeenTopic): string | undefined {
  const announced = seen.tombstones.map(({ gapFrom, gapTo }) => ({ from: gapFrom, to: gapTo }));
  if (!isDeepStrictEqual(announced, expected.announced))
    return `it announces ${brief(announced)}, not ${brief(expected.announced)}`;
  // The same range may have been lost or evicted; only one of the two has moved the floor.
  const isEvicted = ["cap", "ttl", "mixed"].includes(seen.tombstones[0]?.reason ?? "");
  if (isEvicted === expected.evictFloor > 1) return undefined;
  return `its oldest records are ${isEvicted ? "called evicted, and were not" : "evicted, and not called so"}`;
}
