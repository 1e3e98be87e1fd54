/** Two servers and one directory (spec 6.6): the second leaves at once and says whose it is; the lock dies with its holder. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "./server.ts";

/** A network namespace of its own, by whatever right this machine gives one; `undefined` when it gives none. */
function ownNamespace(): readonly string[] | undefined {
  const ways = [
    ["unshare", "-n"],
    ["unshare", "-r", "-n"],
  ];
  return ways.find(([command, ...flags]) => spawnSync(command, [...flags, "true"]).status === 0);
}

describe("a second server on a directory", () => {
  let directory: string;
  const servers: ServerProcess[] = [];

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-second-"))));
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.kill();
    rmSync(directory, { recursive: true, force: true });
  });

  async function first(): Promise<ServerProcess> {
    const server = await ServerProcess.start({ directory });
    servers.push(server);
    return server;
  }

  async function refused(holder: ServerProcess, under: readonly string[] = []): Promise<void> {
    const second = ServerProcess.launch({ directory, under });
    servers.push(second);
    assert.deepEqual(await second.exited, { code: 1, signal: null });
    const last = second.log.at(-1)!;
    assert.match(last.msg, /^refused to start: .* is in use by another process: pid \d+ started /);
    assert.ok(last.msg.includes(`pid ${holder.pid} `), last.msg);
    assert.ok(!second.log.some(({ msg }) => msg.startsWith("listening")), "it does not even listen");
  }

  it("leaves at once with code 1 and the holder's pid", async () => {
    await refused(await first());
  });

  const namespace = ownNamespace();
  if (namespace)
    it("leaves at once in another network namespace too", async () => {
      await refused(await first(), namespace);
    });
  else console.log("      (no other network namespace to be had here: unshare -n is not allowed)");

  it("leaves at once while the holder is stopped", async () => {
    const holder = await first();
    holder.signal("SIGSTOP");
    await refused(holder);
    holder.signal("SIGCONT");
  });

  it("needs no help after the holder was killed, nor after it stopped in order", async () => {
    await (await first()).kill();
    const next = await first();
    await refused(next);
    next.signal("SIGTERM");
    assert.equal((await next.exited).code, 0);
    await refused(await first());
  });
});
