/** What a backup is called (spec 6.7); whether it may be called that is for the engine to say. */
import { Object as object, Optional, String as string } from "typebox";
import type { ControlObject } from "../../base/control-json.ts";
import { invalidField } from "../../base/errors.ts";
import { Shape } from "./shape.ts";

export const backupShape = new Shape(
  object({ name: Optional(string({ description: "a string" })) }, { description: "an object" }),
);

export function backupFromBody(value: ControlObject): string {
  const { name } = backupShape.parse(value);
  if (name === undefined) throw invalidField("name", "is required");
  return name;
}
