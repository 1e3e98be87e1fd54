/** One run: a plan of steps played out on a stage, to its end or to the first violation. Same seed, same run. */
import { Died } from "../crash-matrix/machine.ts";
import { Prng } from "../prng.ts";
import { promisesRunDry } from "../scheduler.ts";
import { allActors, rareStates } from "./catalogue.ts";
import type { Actor } from "./actor.ts";
import { Coverage } from "./coverage.ts";
import { planSteps, printStep, type Step } from "./plan.ts";
import { drawServer, type Profile } from "./profile.ts";
import { Over, Stage } from "./stage.ts";
import { Trace } from "./trace.ts";

export interface RunOptions {
  readonly seed: string;
  readonly profile: Profile;
  readonly ops: number;
  /** What is left of a history that was cut down. */
  readonly steps?: readonly Step[];
  readonly onTrace?: (line: string) => void;
}

export interface RunResult {
  readonly hash: string;
  readonly steps: readonly Step[];
  readonly coverage: Coverage;
  readonly crashes: number;
  /** Three deaths with writes before each, a checkpoint, a rotation and a delete. */
  readonly isLong: boolean;
  readonly failure: { readonly error: unknown; readonly step: Step | undefined } | undefined;
}

let running: Stage | undefined;

/** For what nobody awaits: it ends the run that it belongs to. */
export function strayError(error: unknown): void {
  if (running === undefined) throw error;
  running.machine.bug(error);
}

export async function runSeed({ seed, profile, ops, steps: given = [], onTrace }: RunOptions): Promise<RunResult> {
  const prng = new Prng(`${seed}/${profile.name}`);
  const actors = await allActors();
  const steps = given.length > 0 ? given : planSteps(prng.fork("plan"), ops, profile, actors);
  const trace = new Trace(onTrace);
  const coverage = new Coverage();
  const server = drawServer(prng.fork("server"), profile);
  const stage = new Stage({ seed: prng.seed, server, profile, trace, coverage, rare: await rareStates() });
  running = stage;
  let at: Step | undefined;
  let failure: RunResult["failure"];
  try {
    await stage.firstStart();
    for (const step of steps) {
      at = step;
      await play(stage, step, actors, prng);
    }
    await finish(stage);
  } catch (error) {
    if (!(error instanceof Over)) failure = { error, step: at };
    trace.add(`ended: ${String(error)}`);
  }
  stage.machine.disk.kill();
  const hash = trace.digest();
  stage.discard();
  // What it is told of the end of its connections the dead process hears in vain.
  await promisesRunDry();
  running = undefined;
  return { hash, steps, coverage, crashes: stage.crashes, isLong: isLong(stage), failure };
}

function isLong({ crashesAfterWrites, everHappened, coverage }: Stage): boolean {
  const happened = everHappened.has("checkpoint-written") && everHappened.has("wal-rotated");
  return crashesAfterWrites >= 3 && happened && coverage.of("answers: delete ok") > 0;
}

async function play(stage: Stage, step: Step, actors: readonly Actor[], prng: Prng): Promise<void> {
  const actor = actors.find(({ name }) => name === step.actor);
  if (actor === undefined) throw new Error(`there is no actor ${step.actor}`);
  const draw = prng.fork(`doing ${step.number}`);
  await outlived(stage, async () => {
    if (step.pauseMs > 0) await stage.machine.pass(step.pauseMs);
    stage.note(`step ${printStep(step)}`);
    stage.coverage.count(`steps: ${step.actor}`);
    const work = actor.act(stage, step.doing, draw);
    if (actor.alone === true) await work;
    else {
      stage.begin(work);
      stage.machine.check();
    }
  });
}

/** Everything comes to its end, is looked at, and is found again by one more start. */
async function finish(stage: Stage): Promise<void> {
  await outlived(stage, async () => {
    stage.mendDisk();
    await stage.quiet();
    await stage.judge("none");
    await stage.backups.restoreLast();
  });
  await stage.crashAndStart();
}

/** What a process does not live to see is over for it: the next one takes its place. */
async function outlived(stage: Stage, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    await stage.crashAndStart();
  }
}
