/**
 * Keys at a real server (spec 7.2, 7.5): it listens beyond loopback with them, no word of them is in anything it says, and
 * it ends at once, saying why, when something goes wrong that nobody has foreseen.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Connection } from "./connection.ts";
import { program, ServerProcess } from "./server.ts";

const run = promisify(execFile);
const keys = ["s3cret-of-all", "s3cret-reader"] as const;

describe("a server with keys", () => {
  let directory: string;
  let server: ServerProcess | undefined;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-access-"))));
  afterEach(async () => {
    await server?.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = async (environment: Readonly<Record<string, string>>): Promise<ServerProcess> => {
    server = await ServerProcess.start({
      directory,
      environment: { TOPICS_API_KEYS: `${keys[0]},${keys[1]}:r`, TOPICS_LOG: "trace", ...environment },
    });
    return server;
  };
  const ask = async (path: string, headers: Readonly<Record<string, string>>, method = "GET"): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${server!.port}${path}`, { method, headers });
    assert.doesNotMatch(await answer.text(), /s3cret/);
    return answer.status;
  };

  it("listens beyond loopback, asks for a key, and never says one", async () => {
    const running = await start({ TOPICS_HOST: "0.0.0.0", TOPICS_PROBE_AUTH: "1" });
    assert.equal(await ask("/v0/topics", { authorization: `Bearer ${keys[0]}`, host: "topics.example" }), 200);
    assert.equal(await ask("/v0/topics/t", { authorization: `Bearer ${keys[1]}` }, "PUT"), 403);
    for (const path of ["/v0/topics", "/v0/health", "/nothing"]) {
      assert.equal(await ask(path, {}), 401);
      assert.equal(await ask(path, { authorization: "Bearer s3cret-of-none" }), 401);
      assert.equal(await ask(`${path}?token=${keys[0]}`, {}), 401);
    }
    assert.equal(await ask("/v0/metrics", { authorization: `Bearer ${keys[1]}` }), 200);
    running.signal("SIGTERM");
    assert.deepEqual(await running.exited, { code: 0, signal: null });
    assert.doesNotMatch(JSON.stringify(running.log), /s3cret/);
    assert.ok(!running.log.some(({ msg }) => msg.startsWith("no access control")));
  });

  it("is found well by topics health, which waits where it is told to", async () => {
    const running = ServerProcess.launch({ directory, environment: { TOPICS_API_KEYS: keys[0] } });
    server = running;
    await running.said("listening");
    const health = (...argv: string[]): Promise<unknown> => run(process.execPath, [program, "health", ...argv]);
    await health(`http://127.0.0.1:${running.port}`, "--wait", "20");
    await assert.rejects(health("http://127.0.0.1:1"), { code: 1 });
    await running.kill();
    await assert.rejects(health(`http://127.0.0.1:${running.port}`), { code: 1 });
  });

  it("takes limits that do not fit into one another for what they can mean", async () => {
    const running = await start({
      TOPICS_API_KEYS: "",
      TOPICS_MAX_BODY_BYTES: "200",
      TOPICS_MAX_META_BYTES: "1000000",
    });
    const connection = new Connection(running.port);
    const append = (data: string): Promise<{ status: number }> =>
      connection.send("POST", "/v0/topics/t", JSON.stringify({ records: [{ data }] }));
    assert.equal((await append("x")).status, 201);
    assert.equal((await append("x".repeat(300))).status, 413);
    connection.close();
  });

  it("logs an error that nobody has caught, ends with 1, and keeps what was acked", async () => {
    const planted = "process.on('SIGUSR2', () => { throw new Error('planted'); })";
    const running = await start({
      TOPICS_API_KEYS: "",
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(planted)}`,
    });
    const connection = new Connection(running.port);
    const append = '{"records":[{"data":"kept"}],"config":{"durability":"fsync"}}';
    assert.equal((await connection.send("POST", "/v0/topics/t", append)).status, 201);
    running.signal("SIGUSR2");
    assert.deepEqual(await running.exited, { code: 1, signal: null });
    connection.close();
    const last = running.log.at(-1)!;
    assert.equal(last.msg, "internal error");
    assert.equal(last["level"], 60);
    assert.match(String(last["error"]), /planted/);
    const next = await start({ TOPICS_API_KEYS: "" });
    const reader = new Connection(next.port);
    assert.match((await reader.send("GET", "/v0/topics/t/diff")).text, /"kept"/);
    reader.close();
  });
});
