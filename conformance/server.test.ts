/** The server of this repository, as a process of its own, against the whole probe (spec 8.5). */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runCommand } from "./command.ts";
import { parseTarget, type Report, runProbe } from "./index.ts";

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

/** The built program: cases with servers of their own start dozens of them. */
const program = new URL("../dist/src/main.js", import.meta.url).pathname;

async function probed(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const code = await runCommand(args, { out: (text) => (said.out += text), err: (text) => (said.err += text) });
  return { code, ...said };
}

describe("servers that the probe starts", () => {
  it("keep what the contract says of restarts, kills and settings", async function () {
    // A hundred starts of a process, each as fast as the machine lets it.
    this.timeout(300_000);
    const command = `exec "${process.execPath}" "${program}"`;
    // What any running server can be asked is asked below, of the sources.
    const filter = "restart/,storage/,under-load/,settings/";
    const options = ["--filter", filter, "--reporter", "json", "--parallel", "2"];
    const { code, out, err } = await probed("--spawn", command, ...options);
    assert.equal(err, "");
    const { summary, cases } = JSON.parse(out) as Report;
    const failed = cases.filter(({ outcome }) => outcome === "failed").map(({ id, reason }) => ({ id, reason }));
    assert.deepEqual([failed, code], [[], 0]);
    assert.ok(summary.passed >= 38, `only ${summary.passed} cases passed`);
  });

  it("are not waited for when their command fails", async () => {
    const { code, out, err } = await probed("--spawn", "echo no such thing; exit 3");
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /did not start: no such thing/);
  });
});

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
        assert.match(each.reason ?? "", /^the server runs without auth$|--spawn$/, each.id);
      }
    } finally {
      server.process.kill("SIGTERM");
    }
    assert.deepEqual(await exited, [0, null]);
  });
});
