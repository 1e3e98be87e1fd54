/** The server's description of itself (spec 2.3). That answers fit it is looked at in every case. */
import { suite } from "../../case.ts";
import { asObject, contains, equal, ok, status, truth } from "../../expect.ts";

const made = suite("openapi", "2.3");
export const cases = made.cases;
const { beyond } = made;

beyond(
  "served",
  "GET /v0/openapi.json is an OpenAPI 3.1 document, as JSON and without performance",
  async (context) => {
    const reply = await context.http.send("GET", "/v0/openapi.json");
    const document = ok<Readonly<Record<string, unknown>>>(reply);
    truth(String(document["openapi"]).startsWith("3.1."), `openapi: ${String(document["openapi"])}`);
    truth(!("performance" in document), "it carries no performance");
    contains(reply.headers["content-type"] ?? "", "application/json", "content type");
  },
);

beyond("paths", "it has the endpoints of the index", async (context) => {
  const { paths } = ok<{ paths: unknown }>(await context.http.send("GET", "/v0/openapi.json"));
  const all = asObject(paths, "paths");
  for (const [path, methods] of Object.entries({
    "/v0/topics": ["get"],
    "/v0/topics/{topic}": ["get", "put", "patch", "post", "delete"],
    "/v0/topics/{topic}/diff": ["get", "post"],
    "/v0/topics/{topic}/delete": ["post"],
    "/v0/health": ["get"],
    "/v0/ready": ["get"],
  }))
    for (const method of methods) truth(method in asObject(all[path], path), `${method} ${path} is described`);
});

beyond("methods", "it is there to be read, and for nothing else", async (context) => {
  status(await context.http.send("HEAD", "/v0/openapi.json"), 200);
  const refused = await context.http.send("POST", "/v0/openapi.json", {});
  equal([refused.status, refused.headers["allow"]], [405, "GET, HEAD"], "status and Allow of a POST");
});
