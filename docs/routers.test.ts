/** The commands of docs/routers.md, run as they stand there against a server of their own. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(new URL("./routers.md", import.meta.url), "utf8");
const [helpers, ...recipes] = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands]) => commands);
const missing = ["bash", "curl"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);

interface Answer {
  readonly topic?: string;
  readonly records?: readonly { readonly $seq: number; readonly data: unknown; readonly meta?: unknown }[];
  readonly forwarded_total?: number;
}

describe("docs/routers.md", function () {
  this.timeout(60_000);
  let work: string;
  let server: ChildProcess;
  let address: string;

  before(async () => {
    work = mkdtempSync(join(tmpdir(), "topics-routers-page-"));
    [server, address] = await serve(work);
  });
  after(() => {
    server.kill("SIGKILL");
    rmSync(work, { recursive: true, force: true });
  });

  const answersOf = (recipe: number): Answer[] => {
    const script = [helpers.replace("http://127.0.0.1:4000", `http://${address}`), recipes[recipe]].join("\n");
    const spaced = script.replaceAll(/^((?:put|post|curl) .*)$/gm, "$1; echo");
    const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", spaced], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Answer);
  };
  const dataOf = ({ records }: Answer): unknown[] => (records ?? []).map(({ data }) => data);

  if (missing.length > 0) {
    console.log(`      (the commands are not run: ${missing.join(", ")} is not installed on this machine)`);
    return;
  }

  it("fans out", () => {
    const [billing, alerts] = answersOf(0).slice(3);
    assert.deepEqual([dataOf(billing), dataOf(alerts), alerts.records?.[0].$seq], [[1, 2], [2], 1]);
  });

  it("mirrors without an echo", () => {
    const [east, west] = answersOf(1).slice(4);
    assert.deepEqual([dataOf(east), dataOf(west)], [["from the west"], ["from the east"]]);
  });

  it("keeps a ledger that tells of every record", () => {
    const [ledger, router] = answersOf(2).slice(3);
    const seqs = (ledger.records ?? []).map(
      ({ meta }) => (meta as { _topics_router: { source_seq: number } })._topics_router.source_seq,
    );
    assert.deepEqual(
      [dataOf(ledger), seqs],
      [
        [{ amount: 12 }, { amount: 30 }],
        [1, 2],
      ],
    );
    assert.equal(router.forwarded_total, 2);
  });
});

/** A server from the sources, and where it listens. */
async function serve(work: string): Promise<[ChildProcess, string]> {
  const environment = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("TOPICS_") && name !== "NODE_V8_COVERAGE",
  );
  const portFile = join(work, "port");
  const written = new Promise<void>((resolve) => {
    const watcher = watch(work, (_, name) => {
      if (name !== "port") return;
      watcher.close();
      resolve();
    });
  });
  const settings = { TOPICS_PORT: "0", TOPICS_PORT_FILE: portFile, TOPICS_DATA_DIR: join(work, "data") };
  const child = spawn(process.execPath, ["--import", "ts-blank-space/register", join(root, "src/main.ts"), "serve"], {
    cwd: root,
    env: { ...Object.fromEntries(environment), ...settings },
    stdio: "ignore",
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
  });
  await Promise.race([written, ended]);
  ended.catch(() => undefined);
  const address = readFileSync(portFile, "utf8");
  while (!(await fetch(`http://${address}/v0/ready`)).ok);
  return [child, address];
}
