/** The commands of docs/quickstart.md, run as they stand there, and what they leave behind. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(new URL("./quickstart.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands);

const missing = ["bash", "curl", "xargs"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);

describe("docs/quickstart.md", () => {
  let work: string;

  beforeEach(() => (work = mkdtempSync(join(tmpdir(), "topics-quickstart-"))));
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  it("is a page of commands that can be put elsewhere by two settings", () => {
    assert.equal(blocks[0], "PORT=4000\nWORK=./topics-quickstart\n");
    assert.equal(blocks.filter((commands) => commands.includes("git log")).length, 1);
  });

  if (missing.length > 0)
    console.log(`      (the commands are not run: ${missing.join(", ")} is not installed on this machine)`);
  else
    it("loads, pages, deletes, survives a kill and stops as it says", async function () {
      this.timeout(120_000);
      const output = await run(scriptFor(await freePort(), work));
      const sent = linesOf("history.ndjson").map((line) => line.replace(/^\{"tag"/, `"$tag"`));
      assert.deepEqual(recordsIn("loaded.txt"), sent);
      const kept = sent.filter((line) => !line.startsWith(`"$tag":"docs"`));
      assert.deepEqual(recordsIn("before.txt"), kept);
      assert.deepEqual(recordsIn("after.txt"), kept);
      assert.match(output, /killed: 137\nthe same contents\n/);
      assert.ok(output.endsWith("}"), "the last answer is the topic's state");
      const state = JSON.parse(output.slice(output.lastIndexOf('{"topic":"history"'))) as { count: number };
      assert.equal(state.count, kept.length);
    });

  function linesOf(name: string): string[] {
    return readFileSync(join(work, name), "utf8").trimEnd().split("\n");
  }

  /** What stands behind number and time, record by record. */
  function recordsIn(name: string): string[] {
    return linesOf(name)
      .flatMap((line) => line.split(/,?\{"\$seq":\d+,"\$ts":\d+,/))
      .filter((record) => record !== "");
  }
});

/** The page's blocks, put elsewhere; with another file to load where there is no history to speak of. */
function scriptFor(port: number, work: string): string {
  const commits = spawnSync("git", ["rev-list", "--count", "HEAD"], { cwd: root, encoding: "utf8" });
  const history = commits.status === 0 && Number(commits.stdout) >= 20;
  const [, ...rest] = blocks.map((commands) =>
    // The test run has built it, and another build would pull it away from under tests that run beside this one.
    (history || !commands.includes("git log") ? commands : linesOfThePage).replace("npm run --silent build\n", ""),
  );
  return [`PORT=${port}`, `WORK=${work}`, `trap 'kill -9 "$SERVER" 2> /dev/null || true' EXIT`, ...rest].join("\n");
}

const linesOfThePage = `node -e '
  for (const line of require("fs").readFileSync("docs/quickstart.md", "utf8").split("\\n"))
    console.log(JSON.stringify({ tag: line.includes("curl") ? "docs" : "other", data: { line } }));
' > "$WORK/history.ndjson"
`;

function run(script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const environment = Object.entries(process.env).filter(
      ([name]) => !name.startsWith("TOPICS_") && name !== "NODE_V8_COVERAGE",
    );
    const shell = spawn("bash", ["-euo", "pipefail", "-c", script], {
      cwd: root,
      env: Object.fromEntries(environment),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let complaints = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    shell.stderr.setEncoding("utf8").on("data", (text: string) => (complaints += text));
    shell.on("error", reject);
    shell.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the commands ended with ${code}\n${output}\n${complaints}`));
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      assert.ok(typeof address === "object" && address !== null);
      server.close(() => resolve(address.port));
    });
  });
}
