/** The machine as Node gives it. */
import type { Env } from "./env.ts";
import { NodeClock, NodeRandom, NodeTimers } from "./node-clock.ts";
import { NodeFs } from "./node-fs.ts";
import { NodeMachine } from "./node-machine.ts";

export function nodeEnv(): Env {
  return {
    fs: new NodeFs(),
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    machine: new NodeMachine(),
  };
}
