/**
 * What a reader from 0 gets of a topic, in a few words that a case can state: ranges of records and what is announced.
 * `1-5 crash:6.. +1-2 +4`: records 1 to 5, a hole from 6 on, and behind its end the first, second and fourth seq. How far
 * seqs are given up is the engine's own affair, so ends of holes are left out; evictions are exact: `cap:1-3 4-6`.
 */
import type { Observation, SeenTopic } from "../sim/oracle/observation.ts";

/** What topics hold, by name. */
export type Contents = Readonly<Record<string, string>>;

const openEnded: ReadonlySet<string> = new Set(["crash", "corrupt", "restored", "source_trim"]);

export function topicText({ records, tombstones }: Pick<SeenTopic, "records" | "tombstones">): string {
  const words: string[] = [];
  let base = 0;
  let range: { from: number; to: number } | undefined;
  const flush = (): void => {
    if (!range) return;
    const [from, to] = [range.from - base, range.to - base];
    const sign = base > 0 ? "+" : "";
    words.push(from === to ? `${sign}${from}` : `${sign}${from}-${to}`);
    range = undefined;
  };
  const gaps = [...tombstones];
  const announce = (before: number): void => {
    while (gaps.length > 0 && gaps[0].gapFrom < before) {
      const { gapFrom, gapTo, reason } = gaps.shift()!;
      flush();
      const isOpen = openEnded.has(reason);
      words.push(isOpen ? `${reason}:${gapFrom - base}..` : `${reason}:${gapFrom}-${gapTo}`);
      if (isOpen) base = gapTo;
    }
  };
  for (const { seq } of records) {
    announce(seq);
    if (range?.to === seq - 1) range.to = seq;
    else {
      flush();
      range = { from: seq, to: seq };
    }
  }
  flush();
  announce(Number.POSITIVE_INFINITY);
  return words.join(" ");
}

/** Of all topics that `named` names; one that is not there is `gone`. */
export function contentsOf(observation: Observation, named: Contents): Contents {
  const contents: Record<string, string> = {};
  for (const topic of Object.keys(named)) {
    const seen = observation.get(topic);
    contents[topic] = seen === undefined ? "gone" : topicText(seen);
  }
  return contents;
}
