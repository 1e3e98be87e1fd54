/** A short text that stands for a value of plain data: other data, another text. */
import { createHash } from "node:crypto";

export function textDigest(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));
  return createHash("sha256").update(text).digest("base64").slice(0, 22);
}
