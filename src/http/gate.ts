/**
 * What every request passes before anything else is looked at, whichever door it takes (order of checks: spec 2.2):
 * whether it is one request to this host (9.3, 7.2), who asks and whether the server is there for it (7.2, 7.5), and
 * whether the key is good for the route. The name in the path follows, with the same decoded string as the handler's.
 */
import type { IncomingMessage } from "node:http";
import type { Access } from "./auth/access.ts";
import { authenticate } from "./auth/authenticate.ts";
import type { KeyRing } from "./auth/key-ring.ts";
import type { Engine } from "../engine/api.ts";
import { BrokenRequest } from "./errors.ts";
import type { HostCheck } from "./host.ts";
import type { Limits } from "./limits/limits.ts";
import { shuttingDown, unavailable } from "./routes/health.ts";
import type { Admission } from "./serve.ts";

/**
 * Whether this is a request at all. Looked at in the tick in which it arrives: what stands behind a request that ends its
 * connection must not even begin.
 */
export function checkRequest(req: IncomingMessage, hosts: HostCheck): void {
  const { authorization, expect } = req.headers;
  const host = req.headers.host ?? (req.headers[":authority"] as string | undefined);
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
  readonly keys: KeyRing;
  readonly limits: Limits;
  /** The server takes no more requests. */
  readonly stopping: () => boolean;
}

export class Gate {
  readonly #deps: GateDeps;

  constructor(deps: GateDeps) {
    this.#deps = deps;
  }

  /** For a route that serves while the engine does. */
  whenReady(access: Access): Admission {
    const identify = this.identified(access.queryToken === true);
    const { limits } = this.#deps;
    return (exchange) => {
      identify(exchange);
      this.#isThere();
      for (const scope of access.scopes) exchange.grant.demand(scope);
      limits.buffers.demandRoom();
      // Streams are counted apart, once they begin, and give their place back then.
      if (access.queryToken !== true && exchange.grant.key !== undefined)
        exchange.holdPlace(limits.inFlight.take(exchange.grant));
    };
  }

  /** For a route that answers whatever state the engine is in. */
  always(access: Access): Admission {
    const identify = this.identified(false);
    return (exchange) => {
      identify(exchange);
      for (const scope of access.scopes) exchange.grant.demand(scope);
    };
  }

  /** Who asks is known, and nothing more. */
  identified(queryToken: boolean): Admission {
    const { keys } = this.#deps;
    return (exchange) => {
      const { authorization } = exchange.headers;
      exchange.granted(authenticate(keys, authorization, queryToken ? queryOf(exchange.req.url) : undefined));
    };
  }

  /** Throws while the server is not there for requests. */
  #isThere(): void {
    const { engine, stopping } = this.#deps;
    if (stopping()) throw shuttingDown();
    const status = engine.status();
    if (status.state !== "ready") throw unavailable(status);
  }
}

/** For refusals and open probes, which are answered to anybody. */
export function open(): void {}

function queryOf(url = ""): string {
  const mark = url.indexOf("?");
  return mark < 0 ? "" : url.slice(mark + 1);
}
