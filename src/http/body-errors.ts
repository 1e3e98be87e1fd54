/** Refusals that concern a body as a whole, before anybody reads what it says (spec 2.2). */
import { TopicsError } from "../base/errors.ts";

export function payloadTooLarge(limit: number): TopicsError {
  return new TopicsError(
    "payload_too_large",
    `The body has more than ${limit} bytes; send it in smaller parts, or raise TOPICS_MAX_BODY_BYTES.`,
    { limit },
  );
}
