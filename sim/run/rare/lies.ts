/** What a disk that lies may lead to (spec 6.6). */
import { type RareState, said } from "../rare.ts";

export const states: readonly RareState[] = [
  said("a start refused after a sync that lied"),
  said("a shorter log after a sync that lied"),
  said("nothing lost though a sync lied"),
];
