/**
 * Damage at rest in the log (spec 6.2, 9.4/8): wherever a frame is not as it was written the next start is refused, also
 * where nothing ever said that the frame was synced, because no torn write leaves that behind. Tried on copies: what the
 * matrix crashes is sound.
 */
import { StartRefusal } from "../../../src/storage/refusal.ts";
import { flipBit } from "../../disk/damage.ts";
import type { SimulatedDisk } from "../../disk/disk.ts";
import { atOnce } from "../../disk/call-gate.ts";
import { Machine, smallFiles } from "../machine.ts";
import type { Operation } from "../operation.ts";
import { expect, quiet, started } from "../setup.ts";

const firstFrameAt = 4096;
/** Of a frame: beyond its header, before its trailer. */
const intoPayload = 130;
const beforeTrailer = 12;

/** The newest log file with frames, and where its last frame ends. */
function logOf(disk: SimulatedDisk): { readonly path: string; readonly end: number } {
  const logs = disk.files().filter((name) => name.includes("/wal-00-"));
  for (const path of logs.sort().reverse()) {
    const bytes = disk.contents(path);
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    if (end > firstFrameAt) return { path, end };
  }
  throw new Error("no log file has a frame");
}

async function isRefused(machine: Machine, what: string, byteOf: (end: number) => number): Promise<void> {
  const disk = machine.disk.clone({ completions: atOnce });
  disk.kill();
  const { path, end } = logOf(disk);
  disk.damage(path, flipBit(byteOf(end) * 8 + 3));
  const seed = `${machine.seed}/${what}`;
  const { config, nowMs: wallMs } = machine;
  const next = new Machine({ disk, oracle: machine.oracle.clone(), config, seed, wallMs });
  try {
    await next.start();
  } catch (error) {
    if (error instanceof StartRefusal && error.kind === "damage") return;
    throw error;
  }
  expect(false, `a log with damage is refused: ${what}`);
}

export const operation: Operation = {
  name: "damaged-log",
  server: { shards: 1, wal: smallFiles },
  setup: async (machine) => {
    await started(machine);
    await machine.until(machine.client.create("f", "fsync"));
    await machine.until(machine.client.create("d", "disk"));
    await machine.until(machine.client.append("f", 3));
  },
  run: async (machine) => {
    const { client } = machine;
    await machine.until(client.append("d", 2, { padBytes: 300 }));
    await machine.until(client.append("f", 1, { padBytes: 300 }));
    await isRefused(machine, "in its middle, acked at fsync", () => firstFrameAt + intoPayload);
    await quiet(machine);
    await isRefused(machine, "in its middle, called synced by a mark", () => firstFrameAt + intoPayload);
    await machine.until(client.append("d", 1, { padBytes: 300 }));
    await isRefused(machine, "at its end, never synced", (end) => end - beforeTrailer);
    await isRefused(machine, "in its middle, with an un-synced end", () => firstFrameAt + intoPayload);
    await machine.judge("none");
  },
};
