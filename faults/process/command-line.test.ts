/** What a person who starts the server wrongly is told, and the exit codes (spec 7.1): nobody is shown a stack. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "./connection.ts";
import { program, ServerProcess } from "./server.ts";

function topics(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): [number, string, string] {
  const options = { env: { PATH: process.env["PATH"] ?? "", ...environment }, encoding: "utf8" } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], options);
  return [status ?? -1, stdout, stderr];
}

describe("the command line", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-command-"))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("lists flags, environment and exit codes under --help, and ends with 0", () => {
    const [code, out] = topics(["--help"]);
    assert.equal(code, 0);
    for (const word of ["--data-dir", "TOPICS_DATA_DIR", "TOPICS_PORT", "Exit codes"])
      assert.ok(out.includes(word), word);
  });

  it("hands the arguments of probe, and its exit code, on as they are", () => {
    const [code, out] = topics(["probe", "--help"]);
    assert.deepEqual([code, out.split("\n")[0]], [0, "usage: topics probe URL [options]"]);
    const [unreachable, , why] = topics(["probe", "http://127.0.0.1:1", "--filter", "health/"]);
    assert.equal(unreachable, 2);
    assert.match(why, /^probe: http:\/\/127\.0\.0\.1:1 can't be probed: GET \/v0\/health: /);
  });

  it("prints the settings that it would run with, and where they come from", () => {
    const [code, out] = topics(["--print-config", "--port", "5"], { TOPICS_DISK_SYNC_MS: "50", TOPICS_HOST: "" });
    assert.equal(code, 0);
    for (const line of [
      "TOPICS_PORT=5  # flag",
      "TOPICS_DISK_SYNC_MS=50  # environment",
      "TOPICS_HOST=127.0.0.1  # default",
    ])
      assert.ok(out.includes(`${line}\n`), line);
  });

  it("has a flag for every setting but the keys, and shows no key", () => {
    const [code, out] = topics(["--print-config", "--max-topics", "7", "--probe-auth", "1"], {
      TOPICS_API_KEYS: "s3cret:r,s3cret2",
      TOPICS_CORS_ORIGINS: "https://a.example, https://b.example",
    });
    assert.equal(code, 0);
    for (const line of [
      "TOPICS_MAX_TOPICS=7  # flag",
      "TOPICS_PROBE_AUTH=true  # flag",
      "TOPICS_API_KEYS=(2 hidden)  # environment",
      "TOPICS_CORS_ORIGINS=https://a.example,https://b.example  # environment",
    ])
      assert.ok(out.includes(`${line}\n`), line);
    assert.doesNotMatch(out, /s3cret/);
  });

  it("ends with 2 for bad usage and settings, naming them", () => {
    const wrong: readonly [readonly string[], Readonly<Record<string, string>>, RegExp][] = [
      [["bogus"], {}, /^topics: there is no command "bogus"/],
      [["--bogus"], {}, /unknown option '--bogus'/],
      [["--port", "99999"], {}, /^topics: TOPICS_PORT must be .* not "99999"\n$/],
      [[], { TOPICS_MAX_BODY_BYTES: "lots" }, /^topics: TOPICS_MAX_BODY_BYTES must be .* not "lots"\n$/],
      [["--host", "127.0.0.1:x"], {}, /^topics: TOPICS_HOST must be/],
      [["--host", "0.0.0.0"], {}, /^topics: refusing to listen on 0\.0\.0\.0 without access control/],
      [
        [],
        { TOPICS_API_KEYS: "good,s3cret:all" },
        /^topics: entry 2 of TOPICS_API_KEYS has a scope that is none of [^3]*\n$/,
      ],
      [["--api-keys", "k"], {}, /unknown option '--api-keys'/],
      [[], { TOPICS_CORS_ORIGINS: "*" }, /^topics: TOPICS_CORS_ORIGINS=\* needs TOPICS_API_KEYS/],
      [[], { TOPICS_CORS_ORIGINS: "a.example" }, /^topics: TOPICS_CORS_ORIGINS must be origins/],
      [["--max-topics", "-1"], {}, /^topics: TOPICS_MAX_TOPICS must be .* not "-1"\n$/],
      [["health", "nowhere"], {}, /^topics: "nowhere" is not an address/],
    ];
    for (const [argv, environment, expected] of wrong) {
      const [code, , complaint] = topics(argv, environment);
      assert.equal(code, 2, argv.join(" "));
      assert.match(complaint, expected);
    }
  });

  it("ends with 1 and a line that says what is wrong where it cannot start", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const file = join(directory, "file");
    writeFileSync(file, "");
    const data = ["--data-dir", join(directory, "data")];
    const failures: readonly [readonly string[], RegExp][] = [
      [
        [...data, "--port", String(port)],
        /cannot listen on 127\.0\.0\.1:\d+: another process listens there; .*EADDRINUSE/,
      ],
      [["--port", "0", "--data-dir", file], /refused to start: .*file is not a directory/],
      [["--port", "0", "--data-dir", join(file, "below")], /refused to start: .*below cannot be used: ENOTDIR/],
      [
        [...data, "--port", "0", "--port-file", "/nowhere/port"],
        /cannot write TOPICS_PORT_FILE \/nowhere\/port: ENOENT/,
      ],
    ];
    for (const [argv, expected] of failures) {
      const [code, , log] = topics(argv);
      const last = JSON.parse(log.trimEnd().split("\n").at(-1)!) as { level: number; msg: string };
      assert.deepEqual([code, last.level], [1, 60], argv.join(" "));
      assert.match(last.msg, expected);
      assert.doesNotMatch(last.msg, /\n +at /);
    }
    await new Promise((resolve) => taken.close(resolve));
  });

  function damageBehind(path: string, text: string): void {
    const bytes = readFileSync(path);
    bytes[bytes.indexOf(text) + 1] ^= 4;
    writeFileSync(path, bytes);
  }

  it("names file, place, topic and seqs of a damaged record", async () => {
    const server = await ServerProcess.start({ directory, environment: { TOPICS_WAL_SHARDS: "1" } });
    const connection = new Connection(server.port);
    for (let i = 0; i < 3; i++)
      await connection.send("POST", "/v0/topics/orders", '{"records":[{"data":"first"},{"data":"second"}]}');
    connection.close();
    await server.kill();
    const log = readdirSync(directory).filter((name) => name.endsWith(".log"))[0];
    const path = join(directory, log);
    damageBehind(path, '"second"');
    const [code, , complaint] = topics(["--data-dir", directory, "--port", "0"]);
    assert.equal(code, 1);
    const last = JSON.parse(complaint.trimEnd().split("\n").at(-1)!) as { msg: string };
    assert.match(
      last.msg,
      /^refused to start: a WAL file is damaged: .*offset \d+, \d+ bytes, topic orders, seqs 1 to 2\)$/,
    );
    assert.ok(last.msg.includes(path), last.msg);
  });
});
