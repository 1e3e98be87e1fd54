/** The faults planted on a disk, and how often each of them has fired: one that never fires tests nothing. */
import type { Call } from "./call.ts";
import type { Fault, FaultEffect } from "./fault.ts";
import { parseFault, printFault } from "./fault.ts";

interface Planted {
  readonly fault: Fault;
  seen: number;
  fired: number;
}

export class Injector {
  readonly #planted: Planted[] = [];

  plant(...faults: readonly (Fault | string)[]): void {
    for (const given of faults) {
      const fault = typeof given === "string" ? parseFault(given) : given;
      this.#planted.push({ fault, seen: 0, fired: 0 });
    }
  }

  clear(): void {
    this.#planted.length = 0;
  }

  /** How often each fault fired, by its text. */
  fired(): ReadonlyMap<string, number> {
    return new Map(this.#planted.map(({ fault, fired }) => [printFault(fault), fired]));
  }

  /** Counts the call against every fault; the first that is due decides. */
  strike(call: Call): FaultEffect | undefined {
    let effect: FaultEffect | undefined;
    for (const planted of this.#planted) {
      const { fault } = planted;
      const paths = call.to === undefined ? [call.path] : [call.path, call.to];
      if (fault.call !== call.name || !paths.some((path) => path.includes(fault.path ?? ""))) continue;
      planted.seen += 1;
      const due = fault.forever ? planted.seen >= fault.index : planted.seen === fault.index;
      if (!due || effect !== undefined) continue;
      planted.fired += 1;
      effect = fault.effect;
    }
    return effect;
  }
}
