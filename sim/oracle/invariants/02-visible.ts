/** A failed commit publishes nothing, neither now nor after any restart (1.10/2). That nothing vanishes again, 9.4/1 sees. */
import type { Invariant } from "../invariant.ts";

export const visible: Invariant = {
  number: "1.10/2",
  title: "a failed commit publishes nothing",
  check: ({ history, seen }) => {
    const there = seen?.records.find(({ data }) => history.failed.has(data));
    return there === undefined ? undefined : `record ${there.seq} is there, and its write was refused`;
  },
};
