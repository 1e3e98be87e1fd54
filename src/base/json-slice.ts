/**
 * The slicer: validates a whole write body (spec 2.6, 1.1, 9.3) and yields its records as slices, without parsing any
 * payload. A body is scanned in steps of as many bytes as the caller likes, so that none blocks the event loop for long;
 * nothing may be committed before the last step has returned true.
 */
import type { Slicer } from "./append-body.ts";
import { WriteScan } from "./write-scan.ts";

export type { AppendBody, SliceLimits, Slicer, Slicing } from "./append-body.ts";

export const portableSlicer: Slicer = {
  begin: (body, limits) => new WriteScan(body, limits),
};
