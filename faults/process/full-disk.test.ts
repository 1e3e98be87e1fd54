/** A real server whose disk fills up (spec 6.6, 9.2): a small one of its own, where one may be mounted. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "./connection.ts";
import { ServerProcess } from "./server.ts";

const environment = {
  TOPICS_WAL_FILE_BYTES: String(64 << 10),
  TOPICS_SEGMENT_MAX_EVENTS: "20",
  TOPICS_CHECKPOINT_MS: "100",
  TOPICS_CACHE_BYTES: String(64 << 10),
};

const sh = (command: string): boolean => spawnSync("sh", ["-c", command], { stdio: "ignore" }).status === 0;

/** A file system of so many MiB; `undefined` where none may be mounted. */
function smallDisk(place: string, mebibytes: number): boolean {
  return sh(`mount -t tmpfs -o size=${mebibytes}m topics-test "${place}"`);
}

describe("a server on a small disk", () => {
  let directory: string;
  let server: ServerProcess | undefined;
  let isMounted = false;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "topics-resources-"))));
  afterEach(async () => {
    await server?.kill();
    if (isMounted) sh(`umount "${join(directory, "disk")}"`);
    isMounted = false;
    rmSync(directory, { recursive: true, force: true });
  });

  const canMount = ((): boolean => {
    const place = mkdtempSync(join(tmpdir(), "topics-mount-"));
    const mounted = smallDisk(place, 1);
    if (mounted) sh(`umount "${place}"`);
    rmSync(place, { recursive: true, force: true });
    return mounted;
  })();

  if (canMount)
    it("refuses appends when it is full, goes on reading and deleting, and takes appends again when there is room", async () => {
      const disk = join(directory, "disk");
      mkdirSync(disk);
      assert.ok((isMounted = smallDisk(disk, 24)));
      const data = join(disk, "data");
      server = await ServerProcess.start({ directory: data, environment });
      const connection = new Connection(server.port);
      const text = "x".repeat(20_000);
      let refused: string | undefined;
      for (let write = 0; write < 5000 && refused === undefined; write++) {
        const body = JSON.stringify({ records: [{ data: `${write} ${text}` }] });
        const { status, text: answer } = await connection.send("POST", "/v0/topics/full", body);
        if (status !== 200 && status !== 201) {
          assert.equal(status, 503, answer);
          refused = answer;
        }
      }
      assert.match(refused ?? "", /wal_unavailable/);
      const state = JSON.parse((await connection.send("GET", "/v0/topics/full")).text) as { head_seq: number };
      const head = state.head_seq;
      const read = await connection.send("GET", `/v0/topics/full/diff?from_seq=${head - 1}`);
      assert.equal(read.status, 200);
      assert.ok(read.text.includes(`"$seq":${head}`), "what was acked last is read");
      const deleted = await connection.send("POST", "/v0/topics/full/delete", `{"before_seq":${head}}`);
      assert.equal(deleted.status, 200, deleted.text);
      connection.close();
      await server.kill();
      assert.ok(sh(`mount -o remount,size=256m "${disk}"`));
      server = await ServerProcess.start({ directory: data, environment });
      const after = new Connection(server.port);
      const again = await after.send("POST", "/v0/topics/full", '{"records":[{"data":1}]}');
      assert.equal(again.status, 200, again.text);
      const found = JSON.parse((await after.send("GET", "/v0/topics/full")).text) as {
        count: number;
        head_seq: number;
      };
      assert.deepEqual(
        [found.count, found.head_seq],
        [2, head + 1],
        "the acked delete counts, and no seq is used twice",
      );
      after.close();
    });
  else console.log("      (no small disk to be had here: mount -t tmpfs is not allowed)");
});
