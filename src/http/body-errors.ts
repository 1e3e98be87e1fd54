/** Refusals that concern a body as a whole, before anybody reads what it says (spec 2.2). */
import { TopicsError } from "../base/errors.ts";

export function payloadTooLarge(limit: number): TopicsError {
  return new TopicsError(
    "payload_too_large",
    `The body has more than ${limit} bytes, the most that is taken here; write records in smaller batches, or raise TOPICS_MAX_BODY_BYTES.`,
    { limit },
  );
}
