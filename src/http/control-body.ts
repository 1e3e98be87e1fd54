/**
 * The body of every request but a write (spec 2.1): its known fields, in no more of the event loop's time at once than a
 * few milliseconds, whatever else it holds.
 */
import type { ControlObject } from "../base/control-json.ts";
import { ControlScan } from "../base/control-scan.ts";
import type { FieldNames } from "../base/write-fields.ts";
import { missingBody } from "./body-errors.ts";
import type { Call } from "./call.ts";
import type { HttpDeps } from "./deps.ts";
import { inSlices } from "./slices.ts";

/** `empty`: whether a body that is not there counts as `{}` (2.5, 2.7). */
export async function readControl(
  call: Call,
  fields: FieldNames,
  empty: "empty object" | "refused",
  { config, timers }: HttpDeps,
): Promise<ControlObject> {
  const body = await call.body();
  if (body.length === 0) {
    if (empty === "refused") throw missingBody();
    return Object.create(null) as ControlObject;
  }
  const scan = new ControlScan(body, fields, config.limits.maxDepth);
  await inSlices(scan, timers);
  return scan.result();
}
