/**
 * Backups of a running server, and the last one restored beside it: what is found is what was there while it was made
 * (spec 6.7, 9.4/3).
 */
import { TopicsError } from "../../src/base/errors.ts";
import { noProgress } from "../../src/maintenance/progress.ts";
import { restore } from "../../src/maintenance/restore/restore.ts";
import { Machine, type ServerConfig } from "../crash-matrix/machine.ts";
import type { Oracle } from "../oracle/oracle.ts";
import type { Scheduler } from "../scheduler.ts";
import { SimEnv } from "../sim-env.ts";
import { directories } from "./profile.ts";

interface Made {
  readonly name: string;
  /** What is known when it is made, and open what was not known when it was asked for. */
  readonly oracle: Oracle;
  readonly machine: Machine;
}

/** The stage that they are made on. */
export interface BackupDeps {
  readonly machine: Machine;
  readonly oracle: Oracle;
  readonly scheduler: Scheduler;
  readonly server: ServerConfig;
  readonly nowMs: number;
  say(what: string): void;
}

const asItIs = { archive: undefined, until: undefined, live: undefined, seqGap: undefined };

export class Backups {
  readonly #stage: BackupDeps;
  #last: Made | undefined;

  constructor(stage: BackupDeps) {
    this.#stage = stage;
  }

  /** The code of an error, if there was one. */
  async make(name: string): Promise<string | undefined> {
    const { machine, oracle } = this.#stage;
    const before = oracle.clone();
    try {
      await machine.door.backup(name);
    } catch (error) {
      if (error instanceof TopicsError) return error.code;
      throw error;
    }
    this.#last = { name, oracle: oracle.clone().asOf(before), machine };
    return undefined;
  }

  async restoreLast(): Promise<void> {
    if (this.#last === undefined) return;
    const { name, oracle, machine: maker } = this.#last;
    const { machine, scheduler, server } = this.#stage;
    const { disk } = machine;
    const to = `/restored-${name}`;
    const env = new SimEnv({ disk, scheduler, seed: `${maker.seed}/restore` });
    const backup = `${directories.backups}/${name}`;
    await machine.until(restore({ env, backup, to, ...asItIs, progress: noProgress }));
    const storage = { ...server.storage!, coldDirectory: undefined, backupDirectory: undefined };
    const config = { ...server, directory: to, shardsAsked: false, storage };
    const other = new Machine({ disk, oracle, config, seed: `${maker.seed}/restored`, scheduler });
    await other.start();
    oracle.judge(await other.observe(), "restored", this.#stage.nowMs);
    await other.stop();
    this.#stage.say("a backup restored and found the same");
    if (maker !== machine) this.#stage.say("a backup of an earlier process restored");
    this.#last = undefined;
  }
}
