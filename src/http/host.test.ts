/** Whom a request believes it speaks to (spec 7.2, 9.3). */
import assert from "node:assert/strict";
import { KeyRing } from "./auth/key-ring.ts";
import { HostCheck, isLoopback } from "./host.ts";
import { Harness, answerOf, at, requestBytes, textAt } from "./testing/harness.ts";

const own = ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.8.7", "[::1]", "[::ffff:127.0.0.1]"];
const foreign = [
  "",
  "evil.example",
  "localhost.evil.example",
  "notlocalhost",
  "127.0.0.1.evil.example",
  "128.0.0.1",
  "0.0.0.0",
  "192.168.0.1",
  "[::2]",
  "[::1",
  "localhost:x",
  "user@localhost",
];

describe("the host of a request", () => {
  const passes = (check: HostCheck, host: string): boolean => {
    try {
      check.pass(host);
      return true;
    } catch {
      return false;
    }
  };

  it("is a loopback name or address, with any port, on a loopback address", () => {
    const check = new HostCheck({ host: "127.0.0.1", allowedHosts: [], keys: new KeyRing() });
    for (const host of own) {
      assert.ok(passes(check, host), host);
      assert.ok(passes(check, `${host}:4000`), host);
      assert.ok(isLoopback(host), host);
    }
    for (const host of foreign) assert.ok(!passes(check, host), host);
  });

  it("may also be what is allowed, in any case and with any port, and nothing like it", () => {
    const check = new HostCheck({
      host: "::1",
      allowedHosts: ["Topics.example", "10.0.0.1", "[fd00::1]"],
      keys: new KeyRing(),
    });
    for (const host of ["topics.example", "TOPICS.EXAMPLE:80", "10.0.0.1:1", "[FD00::1]:4000"]) {
      assert.ok(passes(check, host), host);
    }
    for (const host of ["a.topics.example", "example", "topics.example.", "fd00::1"]) {
      assert.ok(!passes(check, host), host);
    }
  });

  it("is not looked at where everybody may come from elsewhere", () => {
    const check = new HostCheck({ host: "0.0.0.0", allowedHosts: [], keys: new KeyRing() });
    for (const host of foreign) assert.ok(passes(check, host), host);
  });

  it("forgets nothing and mistakes nothing, however many it has seen", () => {
    const check = new HostCheck({ host: "localhost", allowedHosts: [], keys: new KeyRing() });
    for (let port = 1; port < 200; port++) {
      assert.ok(passes(check, `localhost:${port}`));
      assert.ok(!passes(check, `evil.example:${port}`));
    }
  });
});

describe("a server on loopback", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start({ allowedHosts: ["topics.example"] });
  });
  after(() => http.stop());

  it("refuses a request that means somebody else, whatever it asks for, and does nothing of it", async () => {
    for (const [method, target] of [
      ["POST", "/v0/topics/a"],
      ["POST", "/v0/topics/%61"],
      ["GET", "/v0/topics"],
      ["GET", "/v0/health"],
      ["GET", "/nowhere"],
    ]) {
      const body = method === "POST" ? { body: '{"records":[{"data":1}]}' } : {};
      const answer = await http.request(method, target, { ...body, headers: { host: "evil.example:4000" } });
      assert.equal(answer.status, 403, target);
      assert.equal(at(answer.json, "error.code"), "forbidden");
      assert.match(textAt(answer.json, "error.message"), /evil\.example:4000.*TOPICS_ALLOWED_HOSTS/);
    }
    assert.equal(http.engine.topics.size, 0);
  });

  it("keeps the connection, on which the next request may mean it", async () => {
    const client = await http.connect();
    for (const host of ["evil.example", "topics.example:1", "evil.example", "localhost"]) {
      client.send(requestBytes("PUT", "/v0/topics/b", { body: "{}", headers: { host } }));
      const { status } = answerOf(await client.response());
      assert.equal(status === 403, host === "evil.example", host);
    }
  });

  it("takes a request of HTTP/1.0 without a host", async () => {
    const client = await http.connect();
    client.send("GET /v0/health HTTP/1.0\r\n\r\n");
    assert.equal((await client.response()).status, 200);
  });
});
