/** Whatever is found somebody wrote, to this topic, and it comes back whole (9.4/1). */
import { recordsOf } from "../history.ts";
import { type Invariant } from "../invariant.ts";
import { brief } from "../observation.ts";

export const notInvented: Invariant = {
  number: "9.4/1",
  title: "nothing is invented",
  check: ({ history, seen }) => {
    if (seen === undefined || seen.records.length === 0) return undefined;
    const written = new Set(history.base?.records.map(({ record }) => record.data));
    for (const issued of history.issued) for (const { data } of recordsOf(issued)) written.add(data);
    const invented = seen.records.find(({ data }) => !written.has(data) && !history.failed.has(data));
    return invented === undefined ? undefined : `nobody wrote record ${invented.seq} (${brief(invented)})`;
  },
};
