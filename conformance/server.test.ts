/** The server of this repository, as a process of its own, against the whole probe (spec 8.5). */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseTarget, runProbe } from "./index.ts";

const main = new URL("../src/main.ts", import.meta.url).pathname;

interface Running {
  readonly url: string;
  readonly process: ChildProcess;
}

async function start(directory: string): Promise<Running> {
  const portFile = join(directory, "port");
  const server = spawn(
    process.execPath,
    ["--import", "ts-blank-space/register", main, "--port", "0", "--port-file", portFile],
    {
      env: {
        ...process.env,
        TOPICS_DATA_DIR: join(directory, "data"),
        TOPICS_BACKUP_DIR: join(directory, "backups"),
        TOPICS_LOG: "info",
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const said: string[] = [];
  const lines = createInterface({ input: server.stderr });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line);
      if (line.includes('"msg":"ready"')) resolve();
    });
    server.once("exit", () => reject(new Error(`the server went before it was ready: ${said.join("\n")}`)));
  });
  return { url: `http://${await readFile(portFile, "utf8")}`, process: server };
}

describe("the server under the probe", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "topics-probe-"));
  });
  after(() => rm(directory, { recursive: true }));

  it("keeps the whole contract but for what needs keys, and stops when it is told", async () => {
    const server = await start(directory);
    const exited = once(server.process, "exit");
    try {
      const { cases, summary } = await runProbe(parseTarget(server.url), { profile: "all" });
      const failed = cases.filter((each) => each.outcome === "failed").map(({ id, reason }) => ({ id, reason }));
      assert.deepEqual(failed, []);
      assert.ok(summary.passed >= 600, `only ${summary.passed} cases passed`);
      for (const each of cases.filter(({ outcome }) => outcome === "skipped")) {
        assert.equal(each.reason, "the server runs without auth", each.id);
      }
    } finally {
      server.process.kill("SIGTERM");
    }
    assert.deepEqual(await exited, [0, null]);
  });
});
