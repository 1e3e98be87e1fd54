/** What a router is to be (spec 3.1): `source` and `dest` are required, everything else has a default. */
import type { Static } from "typebox";
import { Literal, Object as object, Optional, String as string, Union } from "typebox";
import type { ControlObject } from "../../base/control-json.ts";
import { invalidField } from "../../base/errors.ts";
import { isTopicName } from "../../base/names.ts";
import type { RouterRequest } from "../../router/router.ts";
import type { Grant } from "../auth/grant.ts";
import { flag, nullable } from "./fields.ts";
import { predicateFrom, predicateSchema, predicateText } from "./predicate.ts";
import { Shape } from "./shape.ts";

const guarantees = { description: '"at_least_once" or "exactly_once"' };

export const routerShape = new Shape(
  object(
    {
      source: string({ description: "the name of a topic" }),
      dest: string({ description: "the name of a topic" }),
      preserve_node: flag(),
      preserve_tag: flag(),
      create_dest: flag(),
      filter: nullable(predicateSchema(), predicateText),
      allow_cycle: flag(),
      guarantee: Optional(Union([Literal("at_least_once"), Literal("exactly_once")], guarantees)),
    },
    { description: "an object" },
  ),
);

type WireRouter = Static<typeof routerShape extends Shape<infer S> ? S : never>;

export function routerFromBody(value: ControlObject, grant: Grant): RouterRequest {
  const wire: WireRouter = routerShape.parse(value);
  const { source, dest } = wire;
  for (const [field, name] of [
    ["source", source],
    ["dest", dest],
  ] as const) {
    if (!isTopicName(name)) throw invalidField(field, `${field} must be the name of a topic`);
    grant.demandName("topic", name, field);
  }
  if (source === dest) throw invalidField("dest", "dest must be another topic than source");
  return {
    source,
    dest,
    createDest: wire.create_dest ?? true,
    preserveNode: wire.preserve_node ?? true,
    preserveTag: wire.preserve_tag ?? true,
    filter: wire.filter === undefined || wire.filter === null ? undefined : predicateFrom(wire.filter, "filter"),
    allowCycle: wire.allow_cycle ?? false,
    exactlyOnce: wire.guarantee === "exactly_once",
  };
}
