/** Columns for one batch in the making: used up before anything else runs, and so shared by all. */
import type { RecordColumns } from "../base/record.ts";

let scratch: RecordColumns = columnsFor(1024);

export function scratchColumns(count: number): RecordColumns {
  if (scratch.starts.length < count) scratch = columnsFor(2 ** Math.ceil(Math.log2(count)));
  return scratch;
}

function columnsFor(count: number): RecordColumns {
  return {
    starts: new Uint32Array(count),
    dataBytes: new Uint32Array(count),
    metaBytes: new Uint32Array(count),
  };
}
