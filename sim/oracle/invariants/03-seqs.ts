/** Seqs ascend, are dense but for holes, and none that was acked or shown is given out again (1.10/3). */
import { isOneInstance, type Invariant, type Look } from "../invariant.ts";

/** What holds whatever was lost. */
export const inOrder: Invariant = {
  number: "1.10/3",
  title: "seqs ascend",
  check: ({ seen }) => {
    if (seen === undefined) return undefined;
    if (seen.next !== seen.head + 1) return `next seq ${seen.next} does not follow head ${seen.head}`;
    const disorder = seen.records.findIndex(({ seq }, at) => at > 0 && seq <= seen.records[at - 1].seq);
    if (disorder >= 0) return `seq ${seen.records[disorder].seq} follows ${seen.records[disorder - 1].seq}`;
    return undefined;
  },
};

export const seqs: Invariant = {
  number: "1.10/3",
  title: "seqs are dense but for holes, and never given out twice",
  check: (look) => {
    const { history, seen } = look;
    if (seen === undefined) return undefined;
    const disorder = inOrder.check(look);
    if (disorder !== undefined || !isOneInstance(history)) return disorder;
    const shown = history.shown.get(history.instances) ?? 0;
    if (seen.head < shown) return `head ${seen.head} is below ${shown}, which was acked or shown`;
    return silentLoss(look);
  },
};

/** What is neither there nor announced must have been deleted by request. */
function silentLoss({ history, seen }: Look): string | undefined {
  const deletes = history.issued.some(({ change }) => change.kind === "deleteRecords");
  const everDeleted = history.base?.records.length !== history.base?.head;
  if (seen === undefined || deletes || everDeleted) return undefined;
  const there = new Set(seen.records.map(({ seq }) => seq));
  const shown = history.shown.get(history.instances) ?? 0;
  for (let seq = 1; seq <= shown; seq++) {
    const announced = seen.tombstones.some(({ gapFrom, gapTo }) => gapFrom <= seq && seq <= gapTo);
    if (!there.has(seq) && !announced) return `seq ${seq} is neither there nor announced, and nobody deleted it`;
  }
  return undefined;
}
