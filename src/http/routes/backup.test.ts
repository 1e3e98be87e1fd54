/** `POST /v0/backup` as the wire shows it (spec 6.7, 2.2). */
import assert from "node:assert/strict";
import { TopicsError } from "../../base/errors.ts";
import { at, Harness, requestBytes } from "../testing/harness.ts";

const body = (value: unknown): { body: string } => ({ body: JSON.stringify(value) });

describe("backups over http", () => {
  let http: Harness;
  beforeEach(async () => {
    http = await Harness.start({ backups: true, silenceMs: 30 });
  });
  afterEach(() => http.stop());

  it("answer what was made", async () => {
    const made = await http.request("POST", "/v0/backup", body({ name: "données" }));
    assert.equal(made.status, 200, made.text);
    assert.deepEqual(Object.keys(made.json ?? {}), ["name", "bytes", "files", "topics", "performance"]);
    assert.equal(at(made.json, "name"), "données");
  });

  it("refuse what names nothing", async () => {
    for (const [value, field] of [
      [{}, "name"],
      [{ name: null }, "name"],
      [{ name: 5 }, "name"],
      [[], undefined],
    ] as const) {
      const answer = await http.request("POST", "/v0/backup", body(value));
      assert.equal(answer.status, 400, answer.text);
      if (field !== undefined) assert.equal(at(answer.json, "error.detail.field"), field);
    }
    assert.equal((await http.request("POST", "/v0/backup")).status, 400);
    assert.equal((await http.request("GET", "/v0/backup")).status, 405);
  });

  it("say that there is one of that name", async () => {
    http.engine.failure = new TopicsError("backup_exists", "there", { backup: "a" });
    const answer = await http.request("POST", "/v0/backup", body({ name: "a" }));
    assert.equal(answer.status, 409);
    assert.equal(at(answer.json, "error.detail.backup"), "a");
  });

  it("are not found where there is no place for them", async () => {
    const without = await Harness.start();
    const answer = await without.request("POST", "/v0/backup", body({ name: "a" }));
    await without.stop();
    assert.equal(answer.status, 404);
    assert.equal(at(answer.json, "error.code"), "not_found");
  });

  it("may take longer than any silence", async () => {
    let release = (): void => undefined;
    http.engine.gate = new Promise((resolve) => (release = resolve));
    const idle = await http.connect();
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/backup", body({ name: "slow" })));
    // Connections that say nothing are ended meanwhile.
    await idle.ended();
    const other = await http.connect();
    await other.ended();
    release();
    assert.equal((await client.response()).status, 200);
    client.send(requestBytes("GET", "/v0/health"));
    assert.equal((await client.response()).status, 200);
  });
});
