/**
 * A case of the fault corpus (spec 8.4, 9.2): one known fault, what it strikes, and exactly what it may cost (6.6). Files in
 * cases/<family>/ export some as `cases`; there is no list.
 */
import type { RefusalKind } from "../src/storage/refusal.ts";
import type { Crash } from "../sim/oracle/crash.ts";
import type { Scene, SceneSetup } from "./scene.ts";
import type { Contents } from "./topic-text.ts";

export interface FaultCase {
  /** What is struck, and by what: `wal-sync-eio-once`. */
  readonly name: string;
  /** Of the contract: what decides the outcome. */
  readonly section: string;
  /** Planted bugs (9.5) that it is aimed at: each has to be caught by at least one of its cases. */
  readonly guards?: readonly number[];
  /** The setup and the fault in words. */
  readonly what: string;
  /** The permitted outcome in words. */
  readonly permits: string;
  readonly server?: SceneSetup;
  /** What was there before; by default two topics of three records each, all of it synced. */
  prepare?(scene: Scene): Promise<void>;
  /** In the grammar of sim/disk/fault.ts; planted behind `prepare`. Each of them has to fire. */
  readonly faults?: readonly string[];
  /** Strikes, and checks what is seen of it meanwhile. */
  run(scene: Scene): Promise<void>;
  readonly outcome: Outcome;
}

/** What a file of cases exports. */
export function faultCases(cases: readonly FaultCase[]): readonly FaultCase[] {
  return cases;
}

export type Outcome = Serves | FailsToRead | Refuses | Told;

/** The server runs, or would start. */
export interface Serves {
  readonly holds: Contents;
  /** At the start after a kill; the same by default. */
  readonly afterKill?: Contents;
  /** When nothing that was not synced has survived. By default the oracle alone judges. */
  readonly afterPowerLoss?: Contents;
  /** Shards that take nothing until the next start. */
  readonly readOnly?: readonly number[];
  /** The page cache is no witness any more: the death of the process may cost what a loss of power costs. */
  readonly cacheIsNoWitness?: boolean;
}

/** The server runs, and some reads fail. */
export interface FailsToRead {
  /** Records of which every read fails with 500, naming the segment; of everything else each byte is as it was. */
  readonly unreadable: Contents;
  readonly holds: Contents;
}

/** `run` itself kills, starts and compares: the oracle knows nothing of jobs and routers. */
export interface Told {
  readonly exactly: string;
}

/** The start is refused, again and again, and changes nothing. */
export interface Refuses {
  readonly refuses: RefusalKind;
  /** By default the file that was damaged. */
  readonly file?: string;
  /** By default, where a place was damaged, the range that is named must hold it. `none`: the whole file is meant. */
  readonly offset?: number | "none";
  readonly says?: RegExp;
  /** What a start finds when the damage is undone; left out where a device that lies has lost it for good. */
  readonly holds?: Contents;
  /** How the process before it ended: `kill` unless it says otherwise. */
  readonly crash?: Crash;
}
