/**
 * A page in a browser follows a session with the browser's own `EventSource` (spec 4.1, 4.2): across origins, cut off in the
 * middle, with payloads of every line break there is. Needs Chromium: `TOPICS_TEST_CHROMIUM` names it, or it is found.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer as createProxy, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LiveServer } from "./testing/live-server.ts";

const programs = [
  process.env["TOPICS_TEST_CHROMIUM"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const chromium = programs.find((path) => path !== "" && existsSync(path));

/** JSON texts as clients send them, white space and escapes included. */
const bodies = [
  '{"records":[{"data":{"a":\n\r\n1,\r"b":"\u2028\u2029"}}]}',
  '{"records":[{"data":"line\\nfeed\\r\\n\\rdata: x\\n\\nevent: forged"}]}',
  '{"records":[{"data":["\u0085","\\u2028","é","\ud83d\ude00",""]}]}',
];
const wanted = [
  { a: 1, b: "\u2028\u2029" },
  "line\nfeed\r\n\rdata: x\n\nevent: forged",
  ["\u0085", "\u2028", "é", "\ud83d\ude00", ""],
  "behind the cut",
];

/** Collects until there are `count` records, and tells its own server of them. */
const page = (stream: string, count: number): string => `<!doctype html><meta charset="utf-8"><script>
  const source = new EventSource(${JSON.stringify(stream)});
  const seen = [], opened = [];
  let told = false;
  source.onopen = () => opened.push(source.readyState);
  source.addEventListener("record", ({ data, lastEventId }) => {
    for (const { $seq, data: value } of JSON.parse(data).records) seen.push([$seq, value]);
    if (seen.length === ${count - 1} && !told) {
      told = true;
      fetch("/half");
    }
    if (seen.length < ${count}) return;
    source.close();
    fetch("/seen", { method: "POST", body: JSON.stringify({ seen, opens: opened.length, lastEventId }) });
  });
</script>`;

describe("a page in a browser", () => {
  let live: LiveServer;
  let directory: string;
  before(async function () {
    if (chromium === undefined) {
      console.log("      skipped: there is no Chromium here; TOPICS_TEST_CHROMIUM may name one");
      return this.skip();
    }
    directory = mkdtempSync(join(tmpdir(), "topics-browser-"));
    live = await LiveServer.start({ http: { corsOrigins: ["*"] } });
  });
  after(async () => {
    if (chromium === undefined) return;
    await live.stop();
    rmSync(directory, { recursive: true, force: true });
    assert.deepEqual(live.failures, []);
  });

  it("reads every payload as it was written, and goes on where it was cut off", async function () {
    this.timeout(120_000);
    for (const body of bodies) assert.equal((await live.call("POST", "/v0/topics/a", body)).status < 300, true);
    const wid = await live.session({ topics: { a: {} } });
    const links: Socket[] = [];
    const proxy = await proxyTo(live.server.port, links);
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/v0/watch/${wid}`;
    let tell: (text: string) => void = () => undefined;
    const told = new Promise<string>((resolve) => (tell = resolve));
    const pages = createServer((req, res) => {
      if (req.url === "/half") {
        void live.append("a", "behind the cut");
        links[0].destroy();
      } else if (req.url === "/seen") void textOf(req).then(tell);
      const isPage = req.url === "/";
      res
        .writeHead(isPage ? 200 : 204, { "content-type": "text/html" })
        .end(isPage ? page(url, wanted.length) : undefined);
    });
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
    const browser = execFile(
      chromium!,
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        `--user-data-dir=${directory}`,
        "--remote-debugging-port=0",
        `http://127.0.0.1:${(pages.address() as AddressInfo).port}/`,
      ],
      { timeout: 100_000 },
      () => tell(`{"seen":"the browser went away"}`),
    );
    const { seen, opens, lastEventId } = JSON.parse(await told) as Record<string, unknown>;
    browser.kill();
    if (browser.exitCode === null && browser.signalCode === null)
      await new Promise((resolve) => browser.once("exit", resolve));
    for (const link of links) link.destroy();
    proxy.close();
    pages.closeAllConnections();
    pages.close();
    assert.deepEqual(
      seen,
      wanted.map((value, at) => [at + 1, value]),
    );
    assert.equal(opens, 2);
    assert.equal(lastEventId, Buffer.from('{"a":4}').toString("base64url"));
  });
});

async function proxyTo(port: number, links: Socket[]): Promise<Server> {
  const proxy = createProxy((client) => {
    const server = connect(port, "127.0.0.1");
    links.push(client);
    client.pipe(server).pipe(client);
    client.on("error", () => undefined).on("close", () => server.destroy());
    server.on("error", () => undefined).on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return proxy;
}

async function textOf(req: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of req.setEncoding("utf8")) text += chunk as string;
  return text;
}
