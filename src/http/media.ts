/**
 * What kind of body a request brings (spec 2.1). The strict type is a defence too: a web page cannot send
 * `application/json` to a loopback server without a preflight.
 */
import type { IncomingHttpHeaders } from "node:http";
import { TopicsError } from "../base/errors.ts";
import { printable } from "./errors.ts";

export type ContentCoding = "identity" | "gzip";

export function checkContentType(headers: IncomingHttpHeaders): void {
  const type = headers["content-type"];
  if (type === "application/json") return;
  const essence = type?.split(";", 1)[0]?.trim().toLowerCase();
  if (essence === "application/json") return;
  const found = type === undefined ? "carries no Content-Type" : `is declared as ${printable(type)}`;
  throw new TopicsError(
    "unsupported_media_type",
    `The body ${found}; it has to be application/json. With curl: -H 'content-type: application/json'.`,
  );
}

export function contentCoding(headers: IncomingHttpHeaders): ContentCoding {
  const transfer = headers["transfer-encoding"];
  if (transfer !== undefined && transfer.trim().toLowerCase() !== "chunked") {
    throw new TopicsError("unsupported_media_type", "The only transfer encoding understood here is chunked.");
  }
  const coding = headers["content-encoding"]?.trim().toLowerCase();
  if (coding === undefined || coding === "" || coding === "identity") return "identity";
  if (coding === "gzip" || coding === "x-gzip") return "gzip";
  throw new TopicsError(
    "unsupported_media_type",
    `The content encoding ${printable(coding)} is not understood; send the body plain or with a single gzip.`,
  );
}

/** Whether the client asked for gzip (`Accept-Encoding`); a quality of 0 is a refusal. */
export function acceptsGzip(headers: IncomingHttpHeaders): boolean {
  const accepted = headers["accept-encoding"];
  if (accepted === undefined) return false;
  const text = Array.isArray(accepted) ? accepted.join(",") : accepted;
  for (const part of text.toLowerCase().split(",")) {
    const [coding, ...parameters] = part.split(";").map((piece) => piece.trim());
    if (coding !== "gzip" && coding !== "x-gzip") continue;
    return !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  }
  return false;
}

/** The two stream GETs (spec 2.2): what does not exclude `text/event-stream` takes it. */
export function checkAcceptsEvents(headers: IncomingHttpHeaders): void {
  const { accept } = headers;
  if (accept === undefined || accept.trim() === "") return;
  let best = { specificity: 0, refused: true };
  for (const part of accept.toLowerCase().split(",")) {
    const [range, ...parameters] = part.split(";").map((piece) => piece.trim());
    const specificity = ["*/*", "text/*", "text/event-stream"].indexOf(range) + 1;
    if (specificity <= best.specificity) continue;
    best = { specificity, refused: parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter)) };
  }
  if (best.refused) throw new TopicsError("not_acceptable", "This answers with text/event-stream only.");
}
