/**
 * Plays one case and holds it against what it permits (spec 8.4): while the server runs, at the starts after a kill and
 * after a loss of power, and when the fault is lifted. The contents are asserted exactly, beside the oracle's judgement.
 */
import assert from "node:assert/strict";
import { StartRefusal } from "../src/storage/refusal.ts";
import { lockName, temporarySuffix } from "../src/storage/layout.ts";
import type { Machine } from "../sim/crash-matrix/machine.ts";
import type { Crash } from "../sim/oracle/crash.ts";
import { damageFound } from "./damage-found.ts";
import type { FaultCase, Refuses, Serves } from "./fault-case.ts";
import { partlyReadable } from "./partly-readable.ts";
import { Scene } from "./scene.ts";
import { type Contents, contentsOf } from "./topic-text.ts";

const settleMs = 5000;

/** Rejects when anything is not as the case permits. */
export async function runCase(faultCase: FaultCase, tell?: (line: string) => void): Promise<void> {
  const scene = new Scene(faultCase.name, faultCase.server, tell);
  const { outcome } = faultCase;
  await (faultCase.prepare ?? standard)(scene);
  scene.inject(...(faultCase.faults ?? []));
  await faultCase.run(scene);
  if ("refuses" in outcome) await refuses(scene, outcome);
  else {
    allStruck(scene);
    if ("exactly" in outcome) scene.tell(`so it is: ${outcome.exactly}`);
    else if ("unreadable" in outcome) await partlyReadable(scene, outcome);
    else await serves(scene, outcome);
  }
  scene.disk.checkRules();
}

/** A case whose fault does not fire tests nothing. */
function allStruck(scene: Scene): void {
  scene.noteFired();
  assert.ok(scene.struck.size > 0, "something strikes");
  for (const [fault, times] of scene.struck) assert.ok(times > 0, `${fault} fires`);
}

/** `d` of class `disk` and `f` of class `fsync`, three records each, synced. */
export async function standard(scene: Scene): Promise<void> {
  await scene.startAfter("none");
  for (const [topic, durability] of [
    ["d", "disk"],
    ["f", "fsync"],
  ] as const) {
    await scene.answered(undefined, scene.client.create(topic, durability), `creation of ${topic}`);
    await scene.append(topic, 1);
    await scene.append(topic, 2);
  }
  await scene.quiet();
}

// --- it serves -----------------------------------------------------------------------------------------------------

async function serves(scene: Scene, outcome: Serves): Promise<void> {
  const { holds, afterKill = holds, afterPowerLoss, readOnly = [] } = outcome;
  const crash = outcome.cacheIsNoWitness ? "power" : "kill";
  const runs = isRunning(scene.machine);
  if (runs) {
    await scene.shows(holds);
    const status = scene.machine.engine.status();
    assert.deepEqual(status.state === "ready" ? status.readOnlyShards : status.state, readOnly, "read-only shards");
  }
  const killed = scene.copy();
  await startsWith(killed, crash, afterKill, "killed now, a start finds");
  killed.disk.kill();
  await startsWith(killed, "kill", afterKill, "killed again, a start finds the same");
  const dark = scene.copy("none");
  await startsWith(dark, "power", afterPowerLoss, "without power now, a start finds");
  if (runs) await goesOn(scene, readOnly.length > 0);
  else await scene.startAfter(crash);
  await ends(scene, crash);
}

function isRunning(machine: Machine): boolean {
  return !machine.isDead && machine.hasStarted;
}

async function startsWith(machine: Machine, crash: Crash, wanted: Contents | undefined, what: string): Promise<void> {
  await machine.start();
  const observation = await machine.judge(crash);
  if (wanted !== undefined) assert.deepEqual(contentsOf(observation, wanted), wanted, what);
}

/** With the fault gone everything is taken again; a shard that is read-only stays so until the next start. */
async function goesOn(scene: Scene, isReadOnly: boolean): Promise<void> {
  scene.lift();
  await scene.pass(settleMs);
  const refused: string[] = [];
  for (const { name: topic, live } of scene.machine.oracle.topics) {
    if (live === undefined) continue;
    const answer = await scene.machine.until(scene.client.append(topic, 1));
    scene.tell(`append to ${topic}: ${answer ?? "acked"}`);
    if (answer !== undefined) refused.push(answer);
  }
  assert.deepEqual([...new Set(refused)], isReadOnly ? ["wal_unavailable"] : [], "appends are taken again");
  await scene.observe();
}

/** A kill, writes, a loss of power, a clean stop: nothing that was found may change but by what is done. */
async function ends(scene: Scene, crash: Crash): Promise<void> {
  await scene.restart(crash);
  for (const { name, live } of scene.machine.oracle.topics)
    if (live !== undefined) await scene.append(name, 1, { tag: "afterwards" });
  await scene.quiet();
  scene.powerLoss("none");
  await scene.startAfter("power");
  await scene.stop();
  await scene.startAfter("clean");
}

// --- it refuses ----------------------------------------------------------------------------------------------------

async function refuses(scene: Scene, outcome: Refuses): Promise<void> {
  const before = filesOf(scene);
  for (let again = 0; again < 2; again++) {
    const refusal = await refusalOf(scene);
    scene.tell(`refused: ${refusal.message}`);
    judgeRefusal(scene, outcome, refusal);
    assert.deepEqual(filesOf(scene), before, "a refusal changes nothing");
  }
  allStruck(scene);
  if (outcome.refuses === "damage" && scene.damages.length > 0) await damageFound(scene, outcome.file);
  if (outcome.holds === undefined) return;
  if (scene.damages.length > 0) scene.undoDamage();
  else scene.lift();
  await startsWith(scene.machine, outcome.crash ?? "kill", outcome.holds, "undone, a start finds");
  await ends(scene, "kill");
}

async function refusalOf(scene: Scene): Promise<StartRefusal> {
  try {
    await scene.machine.start();
  } catch (error) {
    scene.disk.kill();
    if (error instanceof StartRefusal) return error;
    throw error;
  }
  return assert.fail("the start is refused");
}

function judgeRefusal({ damages }: Scene, outcome: Refuses, refusal: StartRefusal): void {
  const { message, kind, place } = refusal;
  assert.equal(kind, outcome.refuses, message);
  if (outcome.says) assert.match(message, outcome.says);
  const wanted = outcome.file ?? damages.at(0)?.path;
  if (wanted === undefined) return;
  assert.equal(place?.file, wanted, message);
  assert.ok(message.includes(wanted), `the message names the file: ${message}`);
  if (outcome.offset === "none") return;
  if (outcome.offset !== undefined) return assert.equal(place?.offset, outcome.offset, message);
  const at = damages.find(({ path }) => path === wanted)?.at;
  if (at === undefined) return;
  const { offset, length = Number.POSITIVE_INFINITY } = place ?? {};
  assert.ok(offset !== undefined && offset <= at && at < offset + length, `the place holds ${at}: ${message}`);
}

/** All but the lock, which says who came last, and what was never finished or begun. */
function filesOf({ disk }: Scene): Map<string, string> {
  const isKept = (path: string): boolean => {
    if (path.endsWith(`/${lockName}`) || path.endsWith(temporarySuffix)) return false;
    return !path.endsWith(".log") || disk.contents(path)[0] > 0;
  };
  return new Map(
    disk
      .files()
      .filter(isKept)
      .map((path) => [path, disk.hashOf(path)]),
  );
}
