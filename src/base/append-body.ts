/** What a slicer takes and what it yields: the interface that a faster scanner can take over (spec 2.6). */
import type { ControlObject } from "./control-json.ts";
import type { BatchLimits } from "./limits.ts";
import type { RecordBatch } from "./record-batch.ts";

export interface SliceLimits extends Omit<BatchLimits, "maxBodyBytes"> {
  /** UTF-8 bytes of an idempotency key. */
  readonly maxKeyBytes: number;
}

export interface AppendBody {
  /** Slices of the body that was passed to `begin`, which must not change while they are in use. */
  readonly batch: RecordBatch;
  readonly idempotencyKey: string | undefined;
  readonly create: boolean | undefined;
  readonly config: ControlObject | undefined;
  readonly disableBackpressure: boolean;
}

export interface Slicing {
  /**
   * Scans about `budgetBytes` more. True when the whole body has been scanned and is valid. Throws a `TopicsError`,
   * after which the slicing is over.
   */
  step(budgetBytes: number): boolean;
  /** The outcome, once `step` has returned true. Its slots may be given back with `recycleBatch` (slot-table.ts). */
  result(): AppendBody;
}

export interface Slicer {
  begin(body: Uint8Array, limits: SliceLimits): Slicing;
}
