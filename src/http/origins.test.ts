/** Web pages of other origins (spec 7.2): what they are told, on every endpoint, and that by default it is nothing. */
import assert from "node:assert/strict";
import { parseApiKeys } from "./auth/api-keys.ts";
import { Origins } from "./origins.ts";
import { type Answer, Harness } from "./testing/harness.ts";

const page = "https://a.example:8443";
const preflight = { origin: page, "access-control-request-method": "PUT" };

describe("web origins", () => {
  let harness: Harness;
  const start = async (corsOrigins: readonly string[]): Promise<void> => {
    harness = await Harness.start({ corsOrigins, keys: parseApiKeys("k") });
  };
  const ask = (method: string, target: string, headers: Readonly<Record<string, string>>): Promise<Answer> =>
    harness.request(method, target, { headers });
  const allowed = (answer: Answer): string | undefined => answer.headers.get("access-control-allow-origin");
  afterEach(() => harness.stop());

  it("are told nothing unless they are named", async () => {
    await start([]);
    assert.equal(allowed(await ask("GET", "/v0/health", { origin: page })), undefined);
    assert.equal((await ask("OPTIONS", "/v0/topics/t", preflight)).status, 401);
    await harness.stop();
    await start(["https://b.example"]);
    const answer = await ask("GET", "/v0/health", { origin: page });
    assert.equal(allowed(answer), undefined);
    assert.equal(answer.headers.get("vary"), "Origin");
    assert.equal((await ask("OPTIONS", "/v0/topics/t", preflight)).status, 401);
  });

  it("see answers, errors among them, and may ask ahead without a key where they are named", async () => {
    await start([page.toUpperCase()]);
    for (const target of ["/v0/health", "/v0/topics", "/v0/nothing"])
      assert.equal(allowed(await ask("GET", target, { origin: page })), page, target);
    const answer = await ask("OPTIONS", "/v0/topics/t", preflight);
    assert.equal(answer.status, 204);
    assert.equal(allowed(answer), page);
    assert.match(answer.headers.get("access-control-allow-methods") ?? "", /PUT/);
    assert.match(answer.headers.get("access-control-allow-headers") ?? "", /Authorization/);
    assert.equal((await ask("OPTIONS", "/v0/topics/t", { origin: page })).status, 401, "no preflight");
    assert.equal((await ask("OPTIONS", "/v0/topics/t", { ...preflight, origin: "https://x" })).status, 401);
  });

  it("may all be named at once", async () => {
    await start(["*"]);
    assert.equal(allowed(await ask("GET", "/v0/health", { origin: page })), "*");
    assert.equal((await ask("OPTIONS", "/v0/topics/t", preflight)).status, 204);
  });

  it("open a WebSocket only from the server's own pages and from those that are named", async () => {
    await start([]);
    const origins = new Origins(["https://a.example"]);
    const isForeign = (origin: string | undefined): boolean =>
      origins.isForeign({ host: "topics.example:4000", ...(origin === undefined ? {} : { origin }) });
    for (const own of [undefined, "http://topics.example:4000", "https://a.example", "HTTPS://A.example"])
      assert.ok(!isForeign(own), own);
    for (const other of ["null", "http://topics.example", "https://topics.example:4000", "http://evil.example"])
      assert.ok(isForeign(other), other);
  });
});
