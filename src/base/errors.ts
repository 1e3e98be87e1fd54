/**
 * A caller's error: one of the codes of spec 2.2, with what a person needs to know. Whatever is not one of these and
 * reaches the edge is a bug (`internal`).
 */

/** Every code of spec 2.2 with its HTTP status. */
export const errorStatus = {
  invalid_request: 400,
  batch_too_large: 400,
  record_too_large: 400,
  unauthorized: 401,
  forbidden: 403,
  topic_not_found: 404,
  router_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  topic_exists_incompatible: 409,
  topic_not_empty: 409,
  router_cycle: 409,
  not_a_queue: 409,
  backup_exists: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  topic_full: 422,
  throttled: 429,
  internal: 500,
  not_ready: 503,
  shutting_down: 503,
  wal_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof errorStatus;

/** Plain JSON values only; keys in the wire's spelling. */
export type ErrorDetail = Readonly<Record<string, unknown>>;

export class TopicsError extends Error {
  override readonly name = "TopicsError";
  readonly code: ErrorCode;
  readonly detail: ErrorDetail | undefined;

  constructor(code: ErrorCode, message: string, detail?: ErrorDetail) {
    super(message);
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return errorStatus[this.code];
  }
}

/** A field of the wrong type or out of range (spec 2.1: `detail.field` names it). */
export function invalidField(field: string, message: string): TopicsError {
  return new TopicsError("invalid_request", message, { field });
}
