/**
 * A gzip body made plain (spec 2.1, 9.3): counted while inflating and cut off at the limit, so that a bomb costs no more
 * than a legitimate body. Several members in a row are one body, as RFC 1952 has it; anything else behind the last one
 * is refused.
 */
import { createGunzip } from "node:zlib";
import { TopicsError } from "../base/errors.ts";
import { payloadTooLarge } from "./body-errors.ts";
import { Gather } from "./gather.ts";

const outputChunkBytes = 64 * 1024;

/** `held` is told of every piece that is kept. */
export function inflate(packed: Uint8Array, limit: number, held: (bytes: number) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const gunzip = createGunzip({ chunkSize: outputChunkBytes });
    const gather = new Gather(limit);
    const fail = (error: TopicsError): void => {
      gunzip.destroy();
      reject(error);
    };
    gunzip.on("data", (chunk: Buffer) => {
      if (gather.bytes + chunk.length > limit) fail(payloadTooLarge(limit));
      else {
        gather.add(chunk);
        held(chunk.length);
      }
    });
    gunzip.on("error", () => fail(notGzip()));
    gunzip.on("end", () => {
      if (gunzip.bytesWritten < packed.length) fail(notGzip());
      else resolve(gather.take());
    });
    gunzip.end(packed);
  });
}

function notGzip(): TopicsError {
  return new TopicsError(
    "invalid_request",
    "The body is declared as gzip but is not: it is damaged, cut short, or followed by something else.",
  );
}
