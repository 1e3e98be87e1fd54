/** Ascending seqs as runs of neighbours, first and last of each side by side: what neighbours are claimed and acked takes little room. */

/** The seqs ascend. */
export function runsOf(seqs: readonly number[]): number[] {
  const runs: number[] = [];
  for (const seq of seqs) {
    if (runs.length > 0 && runs[runs.length - 1] === seq - 1) runs[runs.length - 1] = seq;
    else runs.push(seq, seq);
  }
  return runs;
}

/** `undefined` for what `runsOf` does not write, or more seqs than `most`. */
export function seqsOf(runs: unknown, most = 1 << 24): number[] | undefined {
  if (!Array.isArray(runs) || runs.length % 2 !== 0) return undefined;
  const seqs: number[] = [];
  let before = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const [first, last] = [runs[at] as unknown, runs[at + 1] as unknown];
    if (!isSeq(first) || !isSeq(last) || first > last) return undefined;
    if (first <= before || last - first >= most - seqs.length) return undefined;
    for (let seq = first; seq <= last; seq++) seqs.push(seq);
    before = last;
  }
  return seqs;
}

function isSeq(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
