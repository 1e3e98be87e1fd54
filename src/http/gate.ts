/**
 * What every request passes before its route is looked at, whichever door it takes (order of checks: spec 2.2). First
 * whether it is one request to one host (9.3), then whether the server is there for it (7.5). Authentication belongs
 * between the two.
 */
import type { IncomingMessage } from "node:http";
import type { Engine } from "../engine/api.ts";
import { BrokenRequest } from "./errors.ts";
import { shuttingDown, unavailable } from "./routes/health.ts";

export interface GateDeps {
  readonly engine: Pick<Engine, "status">;
  /** The server takes no more requests. */
  readonly stopping: () => boolean;
}

/** Throws when a request must not go on. */
export function passGate(req: IncomingMessage, deps: GateDeps): void {
  checkHost(req);
  checkExpect(req);
  if (deps.stopping()) throw shuttingDown();
  const status = deps.engine.status();
  if (status.state !== "ready") throw unavailable(status);
}

/** Probes answer whatever the engine does. */
export function passProbeGate(req: IncomingMessage): void {
  checkHost(req);
  checkExpect(req);
}

/** Repeated headers arrive joined by a comma, which neither a host nor a bearer token can hold. */
function checkHost(req: IncomingMessage): void {
  const { host, authorization } = req.headers;
  if (host === undefined && req.httpVersion !== "1.0") {
    throw new BrokenRequest("invalid_request", "HTTP/1.1 asks for a Host header.");
  }
  if (host?.includes(",") === true)
    throw new BrokenRequest("invalid_request", "The Host header may be given only once.");
  if (authorization?.includes(",") === true) {
    throw new BrokenRequest("invalid_request", "The Authorization header may be given only once.");
  }
}

function checkExpect(req: IncomingMessage): void {
  const { expect } = req.headers;
  if (expect === undefined || expect.toLowerCase() === "100-continue") return;
  throw new BrokenRequest("invalid_request", "The only expectation understood here is 100-continue.");
}
