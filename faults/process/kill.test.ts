/**
 * A real server under load, killed at random instants, again and again on one directory (spec 8.3): what was acked as
 * `disk` or `fsync` is there byte for byte, without a hole; keyed writes are there once; no seq gets a second meaning.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Prng } from "../../sim/prng.ts";
import { exhaustive } from "../sweep/effort.ts";
import { AckLedger } from "./ack-ledger.ts";
import { Connection } from "./connection.ts";
import { createTopics, load } from "./load.ts";
import { ServerProcess } from "./server.ts";

const cycles = exhaustive ? 1000 : 18;

describe("a server that is killed under load", () => {
  let directory: string;
  let server: ServerProcess | undefined;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-kill-"))));
  afterEach(async () => {
    await server?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it(`has everything that it acked, ${cycles} times in a row`, async function () {
    this.timeout(cycles * 10_000);
    const prng = new Prng("kill");
    // Directories are not to grow for ever: a new one now and then.
    const each = 50;
    for (let cycle = 0, ledger = new AckLedger(); cycle < cycles; cycle++) {
      if (cycle % each === 0) ledger = new AckLedger();
      const data = join(directory, String(Math.floor(cycle / each)));
      server = await start(data, cycle);
      if (cycle % each === 0) await createTopics(server.port, ledger);
      await check(server.port, ledger);
      const enough = ledger.acks + (prng.chance(20) ? prng.between(300, 1500) : prng.between(1, 300));
      const running = server;
      await load({
        port: running.port,
        seed: `cycle ${cycle}`,
        writers: 6,
        ledger,
        acked: () => {
          if (ledger.acks === enough) running.signal("SIGKILL");
        },
      });
      assert.deepEqual(await running.exited, { code: null, signal: "SIGKILL" });
      const last = cycle === cycles - 1 || (cycle + 1) % each === 0;
      if (last) {
        server = await start(data, cycle);
        await check(server.port, ledger);
        await server.kill();
      }
    }
  });
});

/** Small files and low thresholds, so that kills meet rotations, seals, checkpoints and moves, and now and then new layouts. */
function start(directory: string, cycle: number): Promise<ServerProcess> {
  const environment = {
    TOPICS_WAL_FILE_BYTES: String(64 << 10),
    TOPICS_WAL_SHARDS: String(1 + (Math.floor(cycle / 7) % 3)),
    TOPICS_SEGMENT_MAX_EVENTS: "20",
    TOPICS_CHECKPOINT_BYTES: String(64 << 10),
    TOPICS_CHECKPOINT_MS: "100",
    TOPICS_TAIL_BYTES: String(1 << 20),
    TOPICS_CACHE_BYTES: String(64 << 10),
    TOPICS_COLD_DIR: `${directory}-cold`,
    TOPICS_HOT_RETAIN_SEGMENTS: "2",
  };
  return ServerProcess.start({ directory, environment });
}

async function check(port: number, ledger: AckLedger): Promise<void> {
  const connection = new Connection(port);
  await ledger.verify(connection);
  await ledger.retryKeyed(connection);
  await ledger.verify(connection);
  connection.close();
}
