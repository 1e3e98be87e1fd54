/** Compressed answers (spec 2.1): only for clients that ask for it, and only where it is worth it. */
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Reply } from "./reply.ts";

/** Below this, headers and latency outweigh what is saved. */
export const minPackBytes = 1024;

const gzipAsync = promisify(gzip);

export async function pack(reply: Reply): Promise<Reply> {
  const plain = Buffer.concat(
    reply.chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk)),
    reply.bytes,
  );
  reply.release?.();
  const packed = await gzipAsync(plain, { level: constants.Z_BEST_SPEED });
  const headers = [...(reply.headers ?? []), "Content-Encoding", "gzip", "Vary", "Accept-Encoding"];
  return {
    status: reply.status,
    chunks: [packed],
    bytes: packed.length,
    headers,
    ...(reply.type === undefined ? {} : { type: reply.type }),
    ...(reply.close === undefined ? {} : { close: reply.close }),
  };
}
