/** Rare states of the HTTP door (spec 7.6, 9.2, 9.3). */
import { type RareState, said } from "../rare.ts";

export const states: readonly RareState[] = [
  said("a body cut short"),
  said("a client gone before its answer"),
  said("a request byte by byte"),
  said("many requests in one packet"),
  said("a request refused"),
  said("a client gone in a long poll"),
  said("a stop with connections open"),
  said("a death with requests in flight"),
];
