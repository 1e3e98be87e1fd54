/** Bodies: size, type, encoding (spec 2.1, 9.3), on real sockets. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { defaultBatchLimits } from "../base/limits.ts";
import type { Answer } from "./testing/harness.ts";
import { Harness, answerOf, at, requestBytes, textAt } from "./testing/harness.ts";

const maxBodyBytes = 4096;
const valid = '{"records":[{"data":1}]}';

describe("http bodies", () => {
  let http: Harness;
  before(async () => {
    http = await Harness.start({
      limits: { ...defaultBatchLimits, maxBodyBytes, maxRecordBytes: 4000, maxMetaBytes: 1000 },
    });
  });
  after(() => http.stop());

  const send = (body: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> =>
    http.request("POST", "/v0/topics/a", { body, headers });
  const code = (answer: Answer): unknown => at(answer.json, "error.code");

  for (const type of [
    "",
    "text/plain",
    "application/jsonx",
    "application/x-www-form-urlencoded",
    "json",
    "application/json, application/json",
  ]) {
    it(`refuses the type "${type}" and says what curl needs`, async () => {
      for (const [method, target] of [
        ["POST", "/v0/topics/a"],
        ["PUT", "/v0/topics/a"],
        ["PATCH", "/v0/topics/a"],
        ["POST", "/v0/topics/a/diff"],
        ["POST", "/v0/topics/a/delete"],
      ]) {
        const answer = await http.request(method, target, { body: "{}", headers: { "content-type": type } });
        assert.equal(answer.status, 415, method);
        assert.equal(code(answer), "unsupported_media_type");
        assert.match(textAt(answer.json, "error.message"), /-H 'content-type: application\/json'/);
      }
    });
  }

  for (const type of ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]) {
    it(`takes the type "${type}"`, async () => {
      assert.equal((await send(valid, { "content-type": type })).json !== null, true);
      assert.ok((await send(valid, { "content-type": type })).status < 300);
    });
  }

  it("asks for no type where there is no body", async () => {
    assert.equal((await http.request("PUT", "/v0/topics/b")).status, 201);
    assert.equal((await http.request("PUT", "/v0/topics/b", { headers: { "content-length": "0" } })).status, 200);
    assert.equal((await http.request("POST", "/v0/topics/b/diff")).status, 200);
  });

  it("says that a body is missing where one is needed", async () => {
    for (const target of ["/v0/topics/a", "/v0/topics/a/delete"]) {
      const answer = await http.request("POST", target);
      assert.equal(answer.status, 400);
      assert.match(textAt(answer.json, "error.message"), /body/);
    }
    assert.equal((await http.request("PATCH", "/v0/topics/a")).status, 400);
  });

  it("refuses a body that announces too much before a byte of it has come", async () => {
    const client = await http.connect();
    client.send(requestBytes("POST", "/v0/topics/a", { headers: { "content-length": String(maxBodyBytes + 1) } }));
    const answer = answerOf(await client.response());
    assert.equal(answer.status, 413);
    assert.equal(code(answer), "payload_too_large");
  });

  it("judges the size before the type, and the type before the contents", async () => {
    const long = "x".repeat(maxBodyBytes + 1);
    assert.equal((await send(long, { "content-type": "text/plain" })).status, 413);
    assert.equal((await send("{", { "content-type": "text/plain" })).status, 415);
  });

  it("takes a body of exactly the limit, and counts one that announces nothing", async () => {
    const padded = valid + " ".repeat(maxBodyBytes - valid.length);
    assert.ok((await send(padded)).status < 300);
    const chunks = (bytes: string): string => `${bytes.length.toString(16)}\r\n${bytes}\r\n0\r\n\r\n`;
    const chunked = { headers: { "content-type": "application/json", "transfer-encoding": "chunked" } };
    const head = requestBytes("POST", "/v0/topics/a", chunked).toString();
    const client = await http.connect();
    client.send(head + chunks(padded));
    assert.ok((await client.response()).status < 300);
    client.send(head + chunks(`${padded} `));
    assert.equal((await client.response()).status, 413);
    client.send(head + chunks(valid));
    assert.ok((await client.response()).status < 300);
  });

  it("does not go on listening to who does not stop sending", async () => {
    const client = await http.connect();
    const chunked = { headers: { "content-type": "application/json", "transfer-encoding": "chunked" } };
    client.send(requestBytes("POST", "/v0/topics/a", chunked));
    for (let sent = 0; sent < 4 * maxBodyBytes; sent += 1024) client.send(`400\r\n${" ".repeat(1024)}\r\n`);
    await client.ended();
  });

  describe("in gzip", () => {
    const gzip = { "content-encoding": "gzip" };
    const packed = gzipSync(valid);

    it("are taken, in one member or in several", async () => {
      assert.ok((await send(packed, gzip)).status < 300);
      assert.ok((await send(packed, { "content-encoding": "X-GZIP" })).status < 300);
      const members = Buffer.concat([gzipSync(valid.slice(0, 9)), gzipSync(valid.slice(9))]);
      assert.ok((await send(members, gzip)).status < 300);
      assert.equal(http.engine.appends.at(-1)?.batch.count, 1);
    });

    it("are counted as they inflate", async () => {
      const bomb = gzipSync(valid + " ".repeat(1_000_000));
      assert.ok(bomb.length < maxBodyBytes);
      assert.equal((await send(bomb, gzip)).status, 413);
      const exact = gzipSync(valid + " ".repeat(maxBodyBytes - valid.length));
      assert.ok((await send(exact, gzip)).status < 300);
    });

    const damaged: Record<string, Uint8Array> = {
      "cut short": packed.subarray(0, -4),
      "followed by junk": Buffer.concat([packed, Buffer.from("junk")]),
      "followed by zeros": Buffer.concat([packed, Buffer.alloc(8)]),
      "followed by half a member": Buffer.concat([packed, packed.subarray(0, 12)]),
      "not gzip": Buffer.from(valid),
      "of a wrong sum": Buffer.from(packed.map((byte, n) => (n === packed.length - 6 ? byte ^ 1 : byte))),
    };
    for (const [what, bytes] of Object.entries(damaged)) {
      it(`are refused when ${what}`, async () => {
        const before = http.engine.appends.length;
        const answer = await send(bytes, gzip);
        assert.equal(answer.status, 400);
        assert.equal(code(answer), "invalid_request");
        assert.equal(http.engine.appends.length, before);
      });
    }

    for (const coding of ["br", "deflate", "gzip, gzip", "identity, gzip", "zstd"]) {
      it(`are refused as ${coding}`, async () => {
        const answer = await send(packed, { "content-encoding": coding });
        assert.equal(answer.status, 415);
        assert.equal(code(answer), "unsupported_media_type");
      });
    }
  });

  const malformed: Record<string, string | Uint8Array> = {
    "nothing but space": " ",
    "a cut object": '{"records":[{"data":1}]',
    "something behind it": `${valid}x`,
    "an array": "[]",
    "a string": '"records"',
    "a single quote": "{'records':[]}",
    "a comma too many": '{"records":[{"data":1},]}',
    "a comment": '{"records":[]/**/}',
    "a byte order mark": Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(valid)]),
    "invalid UTF-8": Buffer.concat([Buffer.from('{"records":[{"data":"'), Buffer.from([0xff]), Buffer.from('"}]}')]),
    "an overlong form": Buffer.concat([
      Buffer.from('{"records":[{"data":"'),
      Buffer.from([0xc0, 0x80]),
      Buffer.from('"}]}'),
    ]),
    "a raw surrogate": Buffer.concat([
      Buffer.from('{"records":[{"data":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}]}'),
    ]),
    "a raw line feed in a string": '{"records":[{"data":"\n"}]}',
    NaN: '{"records":[{"data":NaN}]}',
    "a leading zero": '{"records":[{"data":01}]}',
    "129 levels": `{"records":[{"data":${"[".repeat(126)}${"]".repeat(126)}}]}`,
    "a repeated field": '{"records":[{"data":1}],"records":[{"data":1}]}',
  };
  for (const [what, body] of Object.entries(malformed)) {
    it(`refuses a write with ${what}`, async () => {
      const before = http.engine.appends.length;
      const answer = await send(body);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(code(answer), "invalid_request");
      assert.equal(http.engine.appends.length, before);
    });
  }
  it("takes 128 levels", async () => {
    const body = `{"records":[{"data":${"[".repeat(125)}${"]".repeat(125)}}]}`;
    assert.ok((await send(body)).status < 300);
  });
});
