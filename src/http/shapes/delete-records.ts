/** Which records a delete takes (spec 2.8): below a seq, by tag, or both; never nothing by mistake. */
import { Object as object } from "typebox";
import type { ControlObject } from "../../base/control-json.ts";
import { TopicsError } from "../../base/errors.ts";
import type { DeleteRecordsRequest } from "../../engine/api.ts";
import { nullable, nullableU64, saturated } from "./fields.ts";
import { predicateFrom, predicateSchema, predicateText } from "./predicate.ts";
import { Shape } from "./shape.ts";

export const deleteShape = new Shape(
  object(
    { before_seq: nullableU64(), match: nullable(predicateSchema(), predicateText) },
    { description: "an object" },
  ),
);

export function deleteFromBody(value: ControlObject): DeleteRecordsRequest {
  const wire = deleteShape.parse(value);
  const beforeSeq = wire.before_seq ?? undefined;
  const match = wire.match ?? undefined;
  if (beforeSeq === undefined && match === undefined) {
    throw new TopicsError(
      "invalid_request",
      "Say which records: before_seq, match, or both. To delete everything, delete the topic.",
    );
  }
  return {
    beforeSeq: beforeSeq === undefined ? undefined : saturated(beforeSeq),
    match: match === undefined ? undefined : predicateFrom(match),
  };
}
