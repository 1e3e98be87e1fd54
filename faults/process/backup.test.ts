/** Backups and restores as an operator makes them: real processes, a real disk, exit codes (spec 6.6, 6.7). */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "./connection.ts";
import { program, ServerProcess } from "./server.ts";

/** Exit code, stdout, stderr. A server that it speaks to goes on meanwhile. */
function topics(...argv: readonly string[]): Promise<[number, string, string]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...argv], { env: { PATH: process.env["PATH"] ?? "" } });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve([code ?? -1, Buffer.concat(out).toString(), Buffer.concat(err).toString()]));
  });
}

interface Read {
  readonly records: readonly { readonly $seq: number; readonly data: unknown }[];
  readonly head_seq: number;
  readonly tombstone: { readonly reason: string; readonly gap_from: number; readonly gap_to: number } | null;
}

describe("backup and restore on a real disk", function () {
  this.timeout(120_000);
  let work: string;
  let servers: ServerProcess[] = [];
  beforeEach(() => (work = mkdtempSync(join(tmpdir(), "topics-backup-"))));
  afterEach(async () => {
    for (const server of servers) await server.kill();
    servers = [];
    rmSync(work, { recursive: true, force: true });
  });
  const at = (name: string): string => join(work, name);

  async function start(directory: string): Promise<{ server: ServerProcess; url: string; connection: Connection }> {
    mkdirSync(at("archive"), { recursive: true });
    const environment = {
      TOPICS_WAL_SHARDS: "2",
      TOPICS_BACKUP_DIR: at("backups"),
      TOPICS_WAL_ARCHIVE_DIR: at("archive"),
      TOPICS_WAL_FILE_BYTES: "65536",
      TOPICS_CHECKPOINT_BYTES: "65536",
      TOPICS_CHECKPOINT_MS: "100",
      TOPICS_SEGMENT_MAX_EVENTS: "100",
    };
    const server = await ServerProcess.start({ directory: at(directory), environment });
    servers.push(server);
    return { server, url: `http://127.0.0.1:${server.port}`, connection: new Connection(server.port) };
  }

  async function append(connection: Connection, from: number, to: number): Promise<void> {
    for (let at = from; at <= to; at += 50) {
      const records = Array.from({ length: 50 }, (_, i) => ({ data: { n: at + i, pad: "x".repeat(200) } }));
      const { status } = await connection.send("POST", "/v0/topics/orders", JSON.stringify({ records }));
      assert.ok(status === 200 || status === 201, String(status));
    }
  }

  async function read(connection: Connection, fromSeq: number): Promise<Read> {
    const body = JSON.stringify({ from_seq: fromSeq, limit: 1000, max_batch_bytes: 8 << 20 });
    const { text } = await connection.send("POST", "/v0/topics/orders/diff", body);
    return JSON.parse(text) as Read;
  }

  it("goes from a running server to another one, with what the archive and the directory have", async () => {
    const { server, url, connection } = await start("data");
    await append(connection, 1, 400);
    const [code, out] = await topics("backup", url, "monday");
    assert.equal(code, 0);
    assert.match(out, /^backup monday on http:.*: 1 topics, \d+ files, \d+ bytes\n$/);
    const [again, , why] = await topics("backup", url, "monday");
    assert.deepEqual([again, /409: backup_exists/.test(why)], [2, true], why);
    const [busy, , holder] = await topics("backup", at("data"), at("copy"));
    assert.deepEqual([busy, holder.includes(`pid ${server.pid} started`)], [2, true], holder);
    await append(connection, 401, 900);
    connection.close();
    await server.kill();

    const [verified] = await topics("verify", at("backups/monday"));
    assert.equal(verified, 0);
    const [restored, report] = await topics("restore", at("backups/monday"), "--to", at("back"), "--json");
    assert.equal(restored, 0);
    const { records, holes } = JSON.parse(report) as { records: number; holes: { from: number; to: number }[] };
    assert.deepEqual([records, holes.length, holes[0].from], [400, 1, 401]);
    assert.ok(holes[0].to > 2 ** 32);
    const until = ["--until", "orders@700", "--live", at("data"), "--archive", at("archive")];
    const [toMoment, said] = await topics("restore", at("backups/monday"), "--to", at("moment"), ...until);
    assert.equal(toMoment, 0, said);
    for (const directory of ["back", "moment"]) assert.equal((await topics("verify", at(directory)))[0], 0);
    const [taken, , there] = await topics("restore", at("backups/monday"), "--to", at("moment"));
    assert.deepEqual([taken, /is there already/.test(there)], [2, true]);

    const next = await start("moment");
    const page = await read(next.connection, 0);
    assert.deepEqual(
      page.records.map(({ $seq }) => $seq),
      Array.from({ length: 700 }, (_, i) => i + 1),
    );
    const { tombstone, head_seq } = await read(next.connection, 700);
    assert.deepEqual([tombstone?.reason, tombstone?.gap_from, tombstone?.gap_to], ["restored", 701, head_seq]);
    // Nothing that a client was told of there is handed out again.
    assert.ok(head_seq >= 900);
    next.connection.close();
    next.server.signal("SIGTERM");
    assert.deepEqual(await next.server.exited, { code: 0, signal: null });
  });

  it("makes a backup of a directory whose server was killed, and leaves the directory to the next one", async () => {
    const { server, connection } = await start("data");
    await append(connection, 1, 500);
    connection.close();
    await server.kill();
    const [code, out] = await topics("backup", at("data"), at("copy"));
    assert.equal(code, 0);
    assert.match(out, /was not stopped in order/);
    assert.doesNotMatch(out, /may have been lost/);
    assert.equal((await topics("verify", at("copy")))[0], 0);
    assert.ok(!readdirSync(work).some((name) => name.startsWith(".")));
    for (const directory of ["data", "copy"]) {
      const next = await start(directory);
      assert.equal((await read(next.connection, 0)).records.length, 500, directory);
      next.connection.close();
      await next.server.kill();
    }
  });

  it("ends with 2 for bad usage, and with nothing made", async () => {
    const wrong: readonly [readonly string[], RegExp][] = [
      [["backup"], /missing required argument/],
      [["backup", at("nothing"), at("copy")], /there is no data directory/],
      [["backup", "http://127.0.0.1:1", "name"], /does not answer: ECONNREFUSED/],
      [["backup", "https://127.0.0.1", "name"], /is not the address of a server/],
      [["restore", at("nothing")], /required option '--to <dir>'/],
      [["restore", at("nothing"), "--to", at("copy")], /there is no data directory/],
      [["restore", at("nothing"), "--to", at("copy"), "--until", "noon"], /"noon" is not a moment/],
      [["restore", at("nothing"), "--to", at("copy"), "--seq-gap", "0"], /without the live directory/],
      [["restore", at("nothing"), "--to", at("copy"), "--seq-gap", "many"], /whole number/],
    ];
    for (const [argv, expected] of wrong) {
      const [code, , complaint] = await topics(...argv);
      assert.equal(code, 2, argv.join(" "));
      assert.match(complaint, expected);
      assert.doesNotMatch(complaint, /\n +at /);
    }
    assert.ok(!existsSync(at("copy")) && !existsSync(at("nothing")));
  });
});
