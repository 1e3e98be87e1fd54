/** The header `Idempotency-Key` (spec 1.9): UTF-8 on the wire, which Node hands over as if it were Latin-1. */
import type { IncomingHttpHeaders } from "node:http";
import { invalidField } from "../../base/errors.ts";
import { maxIdempotencyKeyBytes } from "../../base/limits.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const header = "idempotency-key";

export function keyFromHeader(headers: IncomingHttpHeaders): string | undefined {
  const raw = headers[header];
  if (raw === undefined) return undefined;
  const bytes = Buffer.from(Array.isArray(raw) ? raw.join(", ") : raw, "latin1");
  if (bytes.length > maxIdempotencyKeyBytes) {
    throw invalidField(
      header,
      `Idempotency-Key has ${bytes.length} bytes; at most ${maxIdempotencyKeyBytes} are allowed.`,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalidField(header, "Idempotency-Key is not valid UTF-8.");
  }
}
