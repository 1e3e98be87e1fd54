/** Rare states of clocks, of disks that stall, and of the event loop (spec 9.2). */
import { onEvent, type RareState, said } from "../rare.ts";

export const states: readonly RareState[] = [
  onEvent("a step of the clock that is not believed at once", "clock-jumped"),
  said("the clock an hour back"),
  said("the clock ten years back"),
  said("the clock a year on"),
  said("a clock that stands still"),
  said("the event loop stands still"),
  said("a restart with a clock that is behind"),
  said("a sync that hung until somebody let it go"),
  said("the disk is full"),
  said("the disk has room again"),
];
