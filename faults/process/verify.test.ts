/** `topics verify` on directories of real servers (spec 6.6): what it says, how it ends, and that it leaves no trace. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VerifyReport } from "../../src/maintenance/verify/verify.ts";
import { Connection } from "./connection.ts";
import { ServerProcess } from "./server.ts";
import { fingerprint, tool } from "./tools.ts";

describe("topics verify", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-verify-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function serve(): Promise<ServerProcess> {
    const environment = { TOPICS_WAL_SHARDS: "2", TOPICS_SEGMENT_MAX_EVENTS: "20" };
    const server = await ServerProcess.start({ directory, environment });
    const connection = new Connection(server.port);
    for (let i = 0; i < 12; i++) {
      const records = Array.from({ length: 10 }, (_, n) => ({ data: { i, n }, tag: `t${n % 3}` }));
      await connection.send("POST", `/v0/topics/topic-${i % 3}`, JSON.stringify({ records }));
    }
    connection.close();
    return server;
  }

  async function stopped(): Promise<void> {
    const server = await serve();
    server.signal("SIGTERM");
    assert.equal((await server.exited).code, 0);
  }

  it("finds a stopped directory good, a killed one too, and leaves no trace in either", async () => {
    for (const end of ["SIGTERM", "SIGKILL"] as const) {
      const server = await serve();
      server.signal(end);
      await server.exited;
      const before = fingerprint(directory);
      const { code, out, complaint } = tool(["verify", directory]);
      assert.equal(code, 0, out + complaint);
      assert.match(out, /a server would start, with 3 topics and \d+ records/);
      assert.match(out, /: good\n$/);
      assert.equal(complaint, "", "no progress bar where there is no terminal");
      assert.deepEqual(fingerprint(directory), before);
    }
  });

  it("takes the directory from the environment, and prints one JSON document on demand", async () => {
    await stopped();
    const { code, out } = tool(["verify", "--json"], { TOPICS_DATA_DIR: directory });
    const report = JSON.parse(out) as VerifyReport;
    assert.deepEqual([code, report.outcome, report.directory], [0, "ok", directory]);
    assert.ok(report.files.some(({ kind, counts }) => kind === "checkpoint" && counts["topics"] === 3));
  });

  it("ends with 1 where there is damage, and names it", async () => {
    await stopped();
    const checkpoint = join(
      directory,
      readdirSync(directory).findLast((name) => name.endsWith(".ckpt"))!,
    );
    const bytes = readFileSync(checkpoint);
    bytes[200] ^= 1;
    writeFileSync(checkpoint, bytes);
    const log = join(
      directory,
      readdirSync(directory).find((name) => name.endsWith(".log"))!,
    );
    truncateSync(log, 5000);
    const before = fingerprint(directory);
    const { code, out } = tool(["verify", directory]);
    assert.equal(code, 1);
    assert.ok(out.includes(`damaged: ${checkpoint}, offset `), out);
    assert.ok(out.includes(`damaged: ${log}, offset 5000`), out);
    assert.match(out, /a server would refuse to start: /);
    assert.deepEqual(fingerprint(directory), before);
  });

  it("ends with 2 where it cannot tell: in use, absent, not a data directory, called wrongly", async () => {
    const server = await serve();
    const used = tool(["verify", directory]);
    assert.equal(used.code, 2);
    assert.match(used.out, new RegExp(`could not tell: it is in use by another process: pid ${server.pid} started`));
    await server.kill();
    assert.equal(tool(["verify", directory]).code, 0);
    const empty = join(directory, "empty");
    mkdirSync(empty);
    assert.match(tool(["verify", empty]).out, /could not tell: there is no data directory here/);
    for (const argv of [[join(directory, "absent")], [empty], ["a", "b"], ["--bogus"]])
      assert.equal(tool(["verify", ...argv]).code, 2, argv.join());
  });

  it("lets a server start as soon as it has ended", async () => {
    await stopped();
    assert.equal(tool(["verify", directory]).code, 0);
    await (await serve()).kill();
  });
});
