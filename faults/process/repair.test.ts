/** `topics repair` on the directory of a real server (spec 6.6): refused, repaired, verified, served. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RepairReport } from "../../src/maintenance/repair/repair-report.ts";
import { Connection } from "./connection.ts";
import { ServerProcess } from "./server.ts";
import { fingerprint, tool } from "./tools.ts";

describe("topics repair", () => {
  let root: string;
  let directory: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "topics-repair-"));
    directory = join(root, "data");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function served(): Promise<ServerProcess> {
    const server = await ServerProcess.start({ directory, environment: { TOPICS_WAL_SHARDS: "1" } });
    const connection = new Connection(server.port);
    for (const text of ["first", "second", "third"])
      await connection.send("POST", "/v0/topics/orders", JSON.stringify({ records: [{ data: text }, { data: 0 }] }));
    connection.close();
    return server;
  }

  interface Read {
    readonly tombstone: { readonly gap_from: number; readonly gap_to: number; readonly reason: string };
    readonly records: readonly { readonly $seq: number; readonly data: unknown }[];
  }

  /** As a server on that directory answers it, started and stopped for the purpose. */
  async function readFrom(path: string, fromSeq: number): Promise<Read> {
    const server = await ServerProcess.start({ directory: path });
    const connection = new Connection(server.port);
    const { text } = await connection.send("GET", `/v0/topics/orders/diff?from_seq=${fromSeq}`);
    connection.close();
    server.signal("SIGTERM");
    assert.equal((await server.exited).code, 0);
    return JSON.parse(text) as Read;
  }

  it("makes a directory that a server starts on and whose readers are told what is gone", async () => {
    await (await served()).kill();
    const log = join(
      directory,
      readdirSync(directory).find((name) => name.endsWith(".log"))!,
    );
    const bytes = readFileSync(log);
    bytes[bytes.indexOf("second")] ^= 1;
    writeFileSync(log, bytes);
    assert.equal(tool(["verify", directory]).code, 1);
    const before = fingerprint(directory);

    const target = join(root, "new");
    const { code, out } = tool(["repair", directory, "--to", target]);
    assert.equal(code, 1, out);
    assert.match(out, /topic orders \(id 1\):\n {2}seqs given up, which readers are told of: 3 to 4\n/);
    assert.match(out, /\n {2}lost: operation 3: records, 2 records, seqs 3 to 4: frame checksum\n/);
    assert.match(out, /new: made without a checkpoint: 1 topics, 4 records, \d+ frames found\n/);
    assert.deepEqual(fingerprint(directory), before);
    assert.equal(tool(["verify", target]).code, 0);

    const read = await readFrom(target, 2);
    const { gap_from: from, gap_to: to, reason } = read.tombstone;
    assert.deepEqual([from, to, reason], [3, 4, "corrupt"]);
    assert.deepEqual(
      read.records.map(({ $seq, data }) => [$seq, data]),
      [
        [5, "third"],
        [6, 0],
      ],
    );
  });

  it("ends with 0 where nothing is lost, and prints one JSON document on demand", async () => {
    const server = await served();
    server.signal("SIGTERM");
    await server.exited;
    const target = join(root, "new");
    mkdirSync(target);
    const { code, out } = tool(["repair", directory, "--to", target, "--json"]);
    const report = JSON.parse(out) as RepairReport;
    assert.deepEqual([code, report.outcome, report.topics, report.counts.records], [0, "ok", [], 6]);
  });

  it("makes nothing where it may not, and says why", async () => {
    const server = await served();
    const taken = join(root, "taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "something"), "");
    const used = tool(["repair", directory, "--to", join(root, "new")]);
    assert.deepEqual([used.code, existsSync(join(root, "new"))], [2, false]);
    assert.match(used.out, /not repaired: .* is in use by another process: pid \d+/);
    await server.kill();
    const wrong: readonly [string[], RegExp][] = [
      [[directory, "--to", taken], /taken is there already, and is not an empty directory/],
      [[directory, "--to", join(directory, "new")], /lies within/],
      [[join(root, "absent"), "--to", join(root, "new")], /ENOENT/],
      [[directory, "--to", join(root, "absent", "new")], /ENOENT/],
    ];
    for (const [argv, expected] of wrong) {
      const { code, out } = tool(["repair", ...argv]);
      assert.equal(code, 2, argv.join(" "));
      assert.match(out, expected);
    }
    assert.equal(tool(["repair", directory]).code, 2, "without --to");
    assert.deepEqual(readdirSync(root).sort(), ["data", "taken"]);
  });
});
