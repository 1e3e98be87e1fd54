import assert from "node:assert/strict";
import { ResponseReader } from "./response-reader.ts";

const three = Buffer.from(
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello" +
    "HTTP/1.1 404 Not Found\r\ncontent-length:0\r\nX: y\r\n\r\n" +
    "HTTP/1.1 201 Created\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\n\r\n\r\nHTTP/1.1",
);

function readIn(stepBytes: number): [number, number][] {
  const seen: [number, number][] = [];
  const reader = new ResponseReader((status, bodyBytes) => seen.push([status, bodyBytes]));
  const chunk = Buffer.alloc(stepBytes);
  for (let at = 0; at < three.length; at += stepBytes) {
    // The same memory every time, as a socket with a fixed buffer has it.
    const copied = three.copy(chunk, 0, at, at + stepBytes);
    reader.read(chunk.subarray(0, copied));
  }
  return seen;
}

describe("the response reader of the load driver", () => {
  it("finds every response, however the bytes arrive", () => {
    for (let stepBytes = 1; stepBytes <= three.length; stepBytes++) {
      assert.deepEqual(
        readIn(stepBytes),
        [
          [200, 5],
          [404, 0],
          [201, 12],
        ],
        `in steps of ${stepBytes}`,
      );
    }
  });

  it("refuses what it could not count", () => {
    for (const text of [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n",
      "no response at all\r\n\r\n",
      "x".repeat(17_000),
    ]) {
      const reader = new ResponseReader(() => assert.fail("counted"));
      assert.throws(() => reader.read(Buffer.from(text)), /response/);
    }
  });
});
