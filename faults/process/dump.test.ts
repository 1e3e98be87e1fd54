/** `topics dump` on the directory of a real server (spec 6.6): its output, its exit codes, and a directory in use. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "./connection.ts";
import { ServerProcess } from "./server.ts";
import { fingerprint, tool } from "./tools.ts";

describe("topics dump", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-dump-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("shows a directory and its files, in use or not, and says which", async () => {
    const server = await ServerProcess.start({ directory, environment: { TOPICS_WAL_SHARDS: "1" } });
    const connection = new Connection(server.port);
    await connection.send("POST", "/v0/topics/orders", '{"records":[{"data":"first","tag":"a b"},{"data":"second"}]}');
    connection.close();
    const used = tool(["dump", directory]);
    assert.equal(used.code, 0);
    assert.match(used.out, new RegExp(`^note text="in use by another process \\(pid ${server.pid} started`));
    server.signal("SIGTERM");
    await server.exited;

    const before = fingerprint(directory);
    const whole = tool(["dump"], { TOPICS_DATA_DIR: directory });
    assert.equal(whole.code, 0);
    assert.match(whole.out, /^manifest directoryId=[0-9a-f]{32} /);
    assert.match(whole.out, /\ntopic name=orders id=1 /);
    const log = join(
      directory,
      readdirSync(directory).find((name) => name.endsWith(".log"))!,
    );
    const frames = tool(["dump", log, "--payloads"]);
    assert.match(frames.out, /\n {2}frame at=\d+ bytes=\d+ kind=records topic=1 epoch=1 op=2 stamp=\S+Z seqs=1\.\.2 /);
    assert.match(frames.out, /\n {4}\{"\$seq":1,"\$ts":\d+,"data":"first"\} tag="a b"\n/);
    const lines = tool(["dump", log, "--json"]).out.trimEnd().split("\n");
    for (const line of lines) assert.equal(typeof (JSON.parse(line) as { type: unknown }).type, "string");
    assert.deepEqual(fingerprint(directory), before);

    const bytes = readFileSync(log);
    bytes[bytes.indexOf("second")] ^= 1;
    writeFileSync(log, bytes);
    const damaged = tool(["dump", log]);
    assert.equal(damaged.code, 1);
    assert.match(damaged.out, /\ndamage at=\d+ bytes=\d+ reason="frame checksum" topic=1 op=2\n {2}frame /);
  });

  it("ends with 2 where there is nothing to show", () => {
    writeFileSync(join(directory, "notes.txt"), "");
    for (const argv of [[join(directory, "absent")], [join(directory, "notes.txt")], ["a", "b"]])
      assert.equal(tool(["dump", ...argv]).code, 2, argv.join());
  });
});
