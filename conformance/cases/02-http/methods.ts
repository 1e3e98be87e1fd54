/** Methods and paths: 405 with `Allow`, 404 with the envelope, `HEAD` wherever `GET` (spec 2.2). */
import { suite } from "../../case.ts";
import { equal, error, ok, status, truth } from "../../expect.ts";

const made = suite("methods", "2.2");
export const cases = made.cases;
const { core, beyond } = made;

/** Per path: the methods that it has for certain, and ones that no implementation has. */
const routes: readonly { what: string; path: string; allowed: readonly string[]; wrong: readonly string[] }[] = [
  { what: "topics", path: "/v0/topics", allowed: ["GET", "HEAD"], wrong: ["PUT", "DELETE"] },
  { what: "diff", path: "/v0/topics/{}/diff", allowed: ["POST"], wrong: ["PUT", "DELETE"] },
  { what: "delete-records", path: "/v0/topics/{}/delete", allowed: ["POST"], wrong: ["GET", "PUT", "DELETE"] },
  { what: "health", path: "/v0/health", allowed: ["GET", "HEAD"], wrong: ["POST", "PUT", "DELETE"] },
  { what: "ready", path: "/v0/ready", allowed: ["GET", "HEAD"], wrong: ["POST", "PUT", "DELETE"] },
];

function allowOf(header: string | undefined): string[] {
  return (header ?? "").split(",").map((method) => method.trim());
}

for (const { what, path, allowed, wrong } of routes) {
  core(`405-${what}`, `a wrong method on ${path} is 405 with Allow`, async (context) => {
    const topic = path.includes("{}") ? (await context.topic()).name : "";
    for (const method of wrong) {
      const reply = await context.http.send(method, path.replace("{}", topic));
      error(reply, 405, "method_not_allowed");
      const allow = allowOf(reply.headers["allow"]);
      for (const each of allowed) truth(allow.includes(each), `Allow of ${path} has ${each}: ${allow.join(", ")}`);
      truth(!allow.includes(method), `Allow of ${path} has no ${method}: ${allow.join(", ")}`);
    }
  });
}

beyond("405-with-body", "a wrong method is judged before the body", async (context) => {
  const topic = await context.topic();
  error(await context.http.send("PUT", `${topic.path}/diff`, "{"), 405, "method_not_allowed");
  error(
    await context.http.send("PUT", `${topic.path}/diff`, "x", { headers: { "content-type": "text/plain" } }),
    405,
    "method_not_allowed",
  );
});

beyond("405-absent-topic", "a wrong method is judged before the topic is looked up", async (context) => {
  error(await context.http.send("PUT", `${context.absent().path}/diff`), 405, "method_not_allowed");
});

beyond("405-topic", "a method that a topic does not have is 405 with all that it has", async (context) => {
  const topic = await context.topic();
  const reply = await context.http.send("PROPFIND", topic.path);
  error(reply, 405, "method_not_allowed");
  const allow = allowOf(reply.headers["allow"]);
  for (const each of ["PUT", "GET", "HEAD", "DELETE", "POST", "PATCH"]) {
    truth(allow.includes(each), `Allow has ${each}: ${allow.join(", ")}`);
  }
});

/** `P` stands for the prefix of the case. */
const unknownPaths = ["/", "/v0", "/v0/", "/v0/nothing", "/v1/topics", "/v0/topics/P/nothing", "/v0/topics/P/diff/x"];
for (const method of ["GET", "POST", "PUT", "DELETE"]) {
  core(`404-${method.toLowerCase()}`, `${method} of an unknown path is 404 with the envelope`, async (context) => {
    for (const path of unknownPaths)
      error(await context.http.send(method, path.replace("P", context.prefix)), 404, "not_found");
  });
}

beyond("404-with-body", "an unknown path is judged before the body", async (context) => {
  error(await context.http.send("POST", "/v0/nothing", "{"), 404, "not_found");
});

const heads = ["/v0/topics", "/v0/health", "/v0/ready", "/healthz", "/readyz"];
core("head", "HEAD works wherever GET does, and has no body", async (context) => {
  const topic = await context.topic();
  for (const path of [...heads, topic.path]) {
    const reply = await context.http.send("HEAD", path);
    status(reply, 200);
    equal(reply.bytes.length, 0, `bytes of the body of HEAD ${path}`);
  }
});

core("head-absent", "HEAD of an absent topic is 404", async (context) => {
  status(await context.http.send("HEAD", context.absent().path), 404);
});

core("head-keeps-framing", "a HEAD on a connection does not disturb the next request on it", async (context) => {
  const topic = await context.topic();
  for (let round = 0; round < 5; round++) {
    status(await context.http.send("HEAD", topic.path), 200);
    ok(await topic.get());
  }
});

beyond("patch-list", "PATCH of the list is 405", async (context) => {
  error(await context.http.send("PATCH", "/v0/topics"), 405, "method_not_allowed");
});
