/** SIGTERM under load (spec 7.5, 8.3): everything acked is there, the exit code is 0, and the next start finds no trace. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AckLedger } from "./ack-ledger.ts";
import { Connection } from "./connection.ts";
import { createTopics, load } from "./load.ts";
import { ServerProcess } from "./server.ts";

describe("a server that is asked to stop", () => {
  let directory: string;
  let server: ServerProcess | undefined;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-terminate-"))));
  afterEach(async () => {
    await server?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<ServerProcess> {
    return (server = await ServerProcess.start({ directory, environment: { TOPICS_WAL_FILE_BYTES: "65536" } }));
  }

  for (const [signal, rounds] of [
    ["SIGTERM", 3],
    ["SIGINT", 1],
  ] as const)
    it(`keeps every ack and exits 0 on ${signal} under load, times in a row: ${rounds}`, async () => {
      const ledger = new AckLedger();
      for (let round = 0; round < rounds; round++) {
        const running = await start();
        if (round === 0) await createTopics(running.port, ledger);
        const enough = ledger.acks + 100;
        const acked = (): void => {
          if (ledger.acks === enough) running.signal(signal);
        };
        await load({ port: running.port, seed: `${signal} ${round}`, writers: 6, ledger, acked });
        assert.deepEqual(await running.exited, { code: 0, signal: null });
        assert.ok(ledger.acks >= enough);
      }
      const last = await start();
      const connection = new Connection(last.port);
      await ledger.verify(connection, true);
      connection.close();
      for (const { msg } of last.log) assert.doesNotMatch(msg, /torn|lost/, "nothing was cut and nothing is missing");
    });

  it("answers what is in flight, waits for a slow body, and ends at once when it is told again", async () => {
    const ledger = new AckLedger();
    const running = await start();
    await createTopics(running.port, ledger);
    const connection = new Connection(running.port);
    await ledger.append(connection, { topic: "fsync-a", payloads: ['"acked"'], key: undefined });
    const slow = await slowWrite(running.port);
    running.signal("SIGTERM");
    await running.said("stopping on SIGTERM");
    running.signal("SIGTERM");
    assert.deepEqual(await running.exited, { code: 1, signal: null });
    slow.destroy();
    connection.close();
    const next = await start();
    const reader = new Connection(next.port);
    await ledger.verify(reader);
    reader.close();
  });

  it("answers a long poll when it stops", async () => {
    const running = await start();
    await createTopics(running.port, new AckLedger());
    const connection = new Connection(running.port);
    const poll = connection.send("GET", "/v0/topics/disk-a/diff?wait_ms=30000");
    const other = new Connection(running.port);
    await other.send("GET", "/v0/health");
    running.signal("SIGTERM");
    const { status } = await poll;
    assert.ok(status === 200 || status === 503, `the poll ends with ${status}`);
    assert.deepEqual(await running.exited, { code: 0, signal: null });
    connection.close();
    other.close();
  });
});

/** A write whose body stays half sent: the server has to wait for it, up to its budget. */
function slowWrite(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    const head =
      "POST /v0/topics/disk-a HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n";
    // The interim answer says that the request was taken.
    socket.write(`${head}expect: 100-continue\r\n\r\n`);
    socket.once("data", () => {
      socket.write('{"records":[');
      resolve(socket);
    });
  });
}
