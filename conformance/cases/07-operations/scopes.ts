/** The table of 7.2, row by row: what each scope is good for, and how keys may be spelled. */
import { suite } from "../../case.ts";
import { bodyOf, endpoints, pathOf, type Scope } from "../../endpoints.ts";
import { equal, ok, status, truth } from "../../expect.ts";
import type { ManagedServer } from "../../managed/managed-server.ts";
import { Router } from "../../router.ts";

const made = suite("scopes", "7.2");
export const cases = made.cases;
const { managed } = made;

const scopes: readonly Scope[] = ["read", "write", "delete", "admin"];
/** Every set of scopes, in the order of their bits. */
const sets = Array.from({ length: 15 }, (_, at) => scopes.filter((_scope, bit) => (at + 1) & (1 << bit)));
const keyOf = (set: readonly Scope[]): string => `key-${set.join("-")}`;
const settings = (): Readonly<Record<string, string>> => ({
  TOPICS_API_KEYS: ["everything-12345", ...sets.map((set) => `${keyOf(set)}:${set.join("+")}`)].join(),
});

async function furnished(server: ManagedServer): Promise<void> {
  for (const [name, config] of [
    ["log", {}],
    ["log.d", {}],
    ["queue", { type: "queue" }],
  ] as const)
    await server.topic(name).configured(config);
  ok(await new Router("log->d", server).put({ source: "log", dest: "log.d" }), 200, 201);
}

managed("table", "each endpoint takes the keys that have its scopes, and no other", async (context) => {
  const server = await context.server(settings());
  await furnished(server);
  for (const endpoint of endpoints) {
    const { name, method, kind, scopes: needed } = endpoint;
    // Streams are refused before they begin: that they may begin is shown where they are read.
    const isOpen = kind === "stream" || kind === "upgrade" || kind === "once";
    const topic = endpoint.needs === "queue" ? "queue" : "log";
    const body = endpoint.wrap?.("ttl_ms", 0) ?? bodyOf(endpoint, topic);
    for (const set of sets) {
      const isAllowed = (needed ?? []).every((scope) => set.includes(scope));
      if (isAllowed && isOpen) continue;
      // What a write would create needs more: here everything is there.
      const wanted = name === "append-config" ? set.includes("write") : isAllowed;
      const headers = { authorization: `Bearer ${keyOf(set)}` };
      const reply = await server.send(method, pathOf(endpoint, topic), body, { headers });
      const what = `${name} with ${set.join("+")}: ${reply.status}`;
      equal(reply.status === 403, !wanted, `${what}, refused`);
      truth(reply.status !== 401, what);
      if (wanted && method === "DELETE") await furnished(server);
    }
  }
});

managed("prefixes", "a key for other names is refused wherever a path names one", async (context) => {
  const server = await context.server({ TOPICS_API_KEYS: "everything-12345,narrow-12345::other-" });
  await furnished(server);
  const headers = { authorization: "Bearer narrow-12345" };
  for (const endpoint of endpoints) {
    if (!/\{(topic|router)\}/.test(endpoint.route)) continue;
    const topic = endpoint.needs === "queue" ? "queue" : "log";
    const body = bodyOf(endpoint, topic) ?? endpoint.wrap?.("ttl_ms", 0);
    const there = await server.send(endpoint.method, pathOf(endpoint, topic), body, { headers });
    const absent = await server.send(endpoint.method, pathOf(endpoint, "absent"), body, { headers });
    equal([there.status, absent.status], [403, 403], `statuses of ${endpoint.name}, there and absent`);
  }
  ok(await server.topic("log").get());
  ok(await server.topic("queue").get());
});

managed("routers", "a router's name, source and dest are held against the prefixes", async (context) => {
  const server = await context.server({ TOPICS_API_KEYS: "everything-12345,narrow-12345::team-" });
  const headers = { authorization: "Bearer narrow-12345" };
  const put = async (router: string, source: string, dest: string): Promise<number> =>
    (await server.send("PUT", `/v0/routers/${encodeURIComponent(router)}`, { source, dest }, { headers })).status;
  equal(await put("team-a->b", "team-a", "team-b"), 201, "all within");
  equal(await put("other", "team-a", "team-c"), 403, "another's name");
  equal(await put("team-x", "else", "team-c"), 403, "another's source");
  equal(await put("team-x", "team-a", "else"), 403, "another's dest");
  await new Router("else", server).made({ source: "e", dest: "f" });
  for (const method of ["GET", "DELETE"])
    status(await server.send(method, "/v0/routers/else", undefined, { headers }), 403);
  const list = ok<{ routers: { router: string }[] }>(await server.send("GET", "/v0/routers", undefined, { headers }));
  equal(
    list.routers.map(({ router }) => router),
    ["team-a->b"],
    "routers of the list",
  );
});

managed("spellings", "scopes have short names, in any case, and blanks do not count", async (context) => {
  const server = await context.server({
    TOPICS_API_KEYS:
      " all-12345678 ,, r-12345678:R , w-12345678: w ,d-12345678:D,a-12345678:A,rw-12345678:Rw,wd-12345678:write+D,",
  });
  await server.topic("t").appendedNumbers(1);
  const asked = async (key: string, method: string, path: string, body?: Record<string, unknown>): Promise<number> =>
    (await server.send(method, path, body, { headers: { authorization: `Bearer ${key}` } })).status;
  const records = { records: [{ data: 1 }] };
  for (const [key, reads, writes, deletes, configures] of [
    ["all-12345678", 200, 200, 200, 200],
    ["r-12345678", 200, 403, 403, 403],
    ["w-12345678", 403, 200, 403, 403],
    ["d-12345678", 403, 403, 200, 403],
    ["a-12345678", 403, 403, 403, 200],
    ["rw-12345678", 200, 200, 403, 403],
    ["wd-12345678", 403, 200, 200, 403],
  ] as const)
    equal(
      [
        await asked(key, "GET", "/v0/topics/t"),
        await asked(key, "POST", "/v0/topics/t", records),
        await asked(key, "POST", "/v0/topics/t/delete", { before_seq: 1 }),
        await asked(key, "PUT", "/v0/topics/t", {}),
      ],
      [reads, writes, deletes, configures],
      `statuses of ${key}`,
    );
});

for (const [what, keys] of [
  ["scope", "key-12345678:read+sing"],
  ["no-key", ":read"],
] as const)
  managed(`malformed-${what}`, `an entry of TOPICS_API_KEYS that is none stops the start: ${keys}`, async (context) => {
    const server = await context.preparedServer();
    const { code, output } = await server.refused({ TOPICS_API_KEYS: keys });
    truth(code !== 0 && code !== null, `exit code: ${code}`);
    truth(!output.includes("key-12345678"), "what it says has no key in it");
  });
