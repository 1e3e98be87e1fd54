/**
 * What makes two crash images one (spec 8.6): the same bytes by the same names, found by clients that were told the same. A
 * machine that was not switched off has two sides, what its processes see and what its device has.
 */
import type { SimulatedDisk } from "../disk/disk.ts";
import { type Case, isDeath } from "./cases.ts";
import type { Moment } from "./moments.ts";

const histories = new WeakMap<Moment, string>();

export function imageKey(one: Case, disk: SimulatedDisk): string {
  const { moment } = one;
  const history = histories.get(moment) ?? moment.oracle.digest();
  histories.set(moment, history);
  const end = `${moment.isClean}/${moment.struck}`;
  const sides = isDeath(one) ? `${disk.hash("cache")}/${disk.hash("durable")}/${disk.pending.length}` : disk.hash();
  return `${history}/${end}/${sides}`;
}
