/**
 * Which web pages may speak to this server (spec 7.2). None by default: a browser then keeps answers from pages of other
 * origins, and the strict content type keeps their writes out. `TOPICS_CORS_ORIGINS` names those that may.
 */
import type { IncomingHttpHeaders } from "node:http";

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
const requestHeaders = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, Last-Event-ID";
const preflightSeconds = 600;

export class Origins {
  readonly #any: boolean;
  readonly #allowed: ReadonlySet<string>;

  /** As browsers spell them, `https://a.example:8443`; `*` is every one. */
  constructor(allowed: readonly string[]) {
    this.#any = allowed.includes("*");
    this.#allowed = new Set(allowed.map((origin) => origin.toLowerCase()));
  }

  /** What an answer to this request carries: name, value, name, value. */
  headersFor({ origin }: IncomingHttpHeaders): readonly string[] {
    if (this.#any) return ["Access-Control-Allow-Origin", "*", "Access-Control-Expose-Headers", "Retry-After"];
    if (this.#allowed.size === 0) return [];
    if (origin === undefined || !this.#allowed.has(origin.toLowerCase())) return ["Vary", "Origin"];
    return ["Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", "Retry-After", "Vary", "Origin"];
  }

  /** A browser asks ahead of a request, and without a key, whether it may be made: what it is told, if it may. */
  preflight(method: string | undefined, headers: IncomingHttpHeaders): readonly string[] | undefined {
    const asked = headers["access-control-request-method"];
    if (method !== "OPTIONS" || asked === undefined || !this.#allows(headers.origin)) return undefined;
    return [
      "Access-Control-Allow-Methods",
      methods,
      "Access-Control-Allow-Headers",
      requestHeaders,
      "Access-Control-Max-Age",
      String(preflightSeconds),
    ];
  }

  /** A WebSocket is open to every page unless the server looks: true when this one comes from a page that may not. */
  isForeign({ origin, host }: IncomingHttpHeaders): boolean {
    if (origin === undefined || this.#allows(origin)) return false;
    return host === undefined || origin.toLowerCase() !== `http://${host.toLowerCase()}`;
  }

  #allows(origin: string | undefined): boolean {
    return origin !== undefined && (this.#any || this.#allowed.has(origin.toLowerCase()));
  }
}
