/** `count` and `bytes` equal a recount (1.10/9). */
import type { Invariant } from "../invariant.ts";
import { payloadBytes } from "../model.ts";

export const counts: Invariant = {
  number: "1.10/9",
  title: "count and bytes equal a recount",
  check: ({ seen }) => {
    if (seen === undefined) return undefined;
    const { count, bytes, records } = seen;
    if (count !== records.length) return `count is ${count}, and ${records.length} records are there`;
    const recount = records.reduce(
      (sum, { data, meta }) => sum + payloadBytes(meta === undefined ? { data } : { data, meta }),
      0,
    );
    return bytes === recount ? undefined : `bytes is ${bytes}, and the records have ${recount}`;
  },
};
