/**
 * What every request passes before anything else is looked at, whichever door it takes (order of checks: spec 2.2):
 * first whether it is one request to this host (9.3, 7.2), then whether the server is there for it (7.5).
 * Authentication belongs between the two.
 */
import type { IncomingMessage } from "node:http";
import type { Engine } from "../engine/api.ts";
import { BrokenRequest } from "./errors.ts";
import type { HostCheck } from "./host.ts";
import { shuttingDown, unavailable } from "./routes/health.ts";

/**
 * Whether this is a request at all. Looked at in the tick in which it arrives: what stands behind a request that ends its
 * connection must not even begin.
 */
export function checkRequest(req: IncomingMessage, hosts: HostCheck): void {
  const { host, authorization, expect } = req.headers;
  // Repeated headers arrive joined by a comma, which neither a host nor a bearer token can hold.
  if (host?.includes(",") === true) throw broken("The Host header may be given only once.");
  if (authorization?.includes(",") === true) throw broken("The Authorization header may be given only once.");
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") {
    throw broken("The only expectation understood here is 100-continue.");
  }
  if (host !== undefined) hosts.pass(host);
  // No browser leaves it out in any version: nobody can be led astray without it.
  else if (req.httpVersion !== "1.0") throw broken("HTTP/1.1 asks for a Host header.");
}

function broken(message: string): BrokenRequest {
  return new BrokenRequest("invalid_request", message);
}

export interface GateDeps {
  readonly engine: Pick<Engine, "status">;
  /** The server takes no more requests. */
  readonly stopping: () => boolean;
}

/** Throws while the server is not there for requests; probes answer all the same. */
export function passGate({ engine, stopping }: GateDeps): void {
  if (stopping()) throw shuttingDown();
  const status = engine.status();
  if (status.state !== "ready") throw unavailable(status);
}
