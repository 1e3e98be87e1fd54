/** Health and readiness of a running server, under both names (spec 7.4). */
import { Skipped, suite } from "../../case.ts";
import { equal, finite, members, ok, truth, whole } from "../../expect.ts";

const made = suite("health", "7.4");
export const cases = made.cases;
const { core, beyond } = made;

interface Health {
  readonly version: unknown;
  readonly uptime_ms: unknown;
}

for (const path of ["/v0/health", "/healthz"]) {
  core(`health${path.replaceAll("/", "-")}`, `${path} is 200 with status, version and uptime`, async (context) => {
    const health = ok<Health>(await context.http.send("GET", path));
    members(health, { status: "ok" }, "body");
    truth(typeof health.version === "string" && health.version !== "", "version is a text");
    finite(health.uptime_ms, "uptime_ms");
  });
}

for (const path of ["/v0/ready", "/readyz"]) {
  core(`ready${path.replaceAll("/", "-")}`, `${path} is 200 once the server serves`, async (context) => {
    const ready = ok<{ topics: unknown }>(await context.http.send("GET", path));
    members(ready, { status: "ready", wal_replay_complete: true }, "body");
    whole(ready.topics, "topics");
  });
}

core("uptime-grows", "uptime does not fall", async (context) => {
  const read = async (): Promise<number> => {
    const { uptime_ms } = ok<Health>(await context.http.send("GET", "/v0/health"));
    return finite(uptime_ms, "uptime_ms");
  };
  const first = await read();
  truth((await read()) >= first, "the second uptime is not below the first");
});

core("topics-count", "ready counts this case's topic too", async (context) => {
  await context.topic();
  const { topics } = ok<{ topics: number }>(await context.http.send("GET", "/v0/ready"));
  truth(whole(topics, "topics") >= 1, "at least one topic");
});

core(
  "open",
  "health and ready need no key",
  async (context) => {
    for (const path of ["/v0/health", "/v0/ready"]) {
      const reply = await context.http.send("GET", path, undefined, { headers: { authorization: null } });
      if (reply.status === 401) throw new Skipped("the server asks for a key here (TOPICS_PROBE_AUTH)");
      ok(reply);
    }
  },
  {
    needs: ({ target }) => (target.token === undefined ? "the server runs without auth" : undefined),
  },
);

beyond("query-ignored", "health and ready take no notice of a query", async (context) => {
  for (const path of ["/v0/health?x=1", "/healthz?", "/v0/ready?verbose", "/readyz?a=%zz"]) {
    equal((await context.http.send("GET", path)).status, 200, `status of ${path}`);
  }
});
