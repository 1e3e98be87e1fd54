/** Refusals that concern a body as a whole, before anybody reads what it says (spec 2.2). */
import { TopicsError } from "../base/errors.ts";

export function payloadTooLarge(limit: number): TopicsError {
  return new TopicsError(
    "payload_too_large",
    `The body has more than ${limit} bytes, the most that one request may bring here (TOPICS_MAX_BODY_BYTES).`,
    { limit },
  );
}

export function missingBody(): TopicsError {
  return new TopicsError("invalid_request", "This request needs a JSON body, and has none.");
}
