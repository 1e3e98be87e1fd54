/**
 * The sockets that are open and the exchanges in flight on each (spec 7.3, 7.5): so that every exchange is told once
 * when it is over, a parse error finds the request it belongs to, and a stop can wait for what is in flight and for
 * nothing else.
 */
import type { Exchange } from "./exchange.ts";
import { type Link, linkOf } from "./link.ts";
import { Order, type Turn } from "./order.ts";

interface Connection {
  readonly order: Order;
  readonly inFlight: Set<Exchange>;
  latest: Exchange | undefined;
  /** Requests on it are on links of their own. */
  session: Session | undefined;
}

/** A connection of HTTP/2. `close` lets the streams that are open come to their end. */
export interface Session {
  close(): void;
}

export class Connections {
  readonly #open = new Map<Link, Connection>();
  #stopping = false;
  #whenEmpty: (() => void) | undefined;

  get stopping(): boolean {
    return this.#stopping;
  }

  /** A socket that may not have asked for anything yet. */
  accept(socket: Link): void {
    if (this.#stopping) socket.destroy();
    else this.#connection(socket);
  }

  /** For the request that has just arrived; `undefined` when it comes too late to be answered. */
  turn(socket: Link): Turn | undefined {
    return socket.destroyed ? undefined : this.#connection(socket).order.take();
  }

  /** Nothing has been asked on it yet. */
  isFresh(socket: Link): boolean {
    const connection = this.#open.get(socket);
    return connection !== undefined && connection.latest === undefined;
  }

  /** It turned out to be a connection of HTTP/2. */
  carries(socket: Link, session: Session): void {
    this.#connection(socket).session = session;
    if (this.#stopping) session.close();
  }

  /** Nothing that still arrives on this socket is a request. */
  refuseMore(socket: Link): void {
    this.#connection(socket).order.end();
  }

  /** Says how many are in flight on this connection, this one among them. */
  begin(exchange: Exchange): number {
    const socket = linkOf(exchange.req);
    const connection = this.#connection(socket);
    connection.latest = exchange;
    connection.inFlight.add(exchange);
    exchange.res.once("close", () => this.#end(socket, connection, exchange));
    return connection.inFlight.size;
  }

  /** The request that arrived last on a socket, while it is unanswered. */
  unanswered(socket: Link): Exchange | undefined {
    const connection = this.#open.get(socket);
    const latest = connection?.latest;
    return latest !== undefined && connection?.inFlight.has(latest) === true ? latest : undefined;
  }

  /** From now on an answer is the last one on its connection, and connections without a request in flight end. */
  stop(): void {
    this.#stopping = true;
    for (const [socket, connection] of this.#open) {
      if (connection.session !== undefined) connection.session.close();
      else if (connection.inFlight.size === 0) socket.destroy();
      for (const exchange of connection.inFlight) exchange.interrupt();
    }
  }

  /** Resolves when no socket is open any more. */
  emptied(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
    });
  }

  /** Ends every connection, whatever is in flight; says how many requests were cut off. */
  cut(): number {
    let requests = 0;
    for (const [socket, connection] of this.#open) {
      requests += connection.inFlight.size;
      socket.destroy();
    }
    return requests;
  }

  #connection(socket: Link): Connection {
    const known = this.#open.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { order: new Order(), inFlight: new Set(), latest: undefined, session: undefined };
    this.#open.set(socket, connection);
    socket.once("close", () => this.#lost(socket, connection));
    return connection;
  }

  #end(socket: Link, connection: Connection, exchange: Exchange): void {
    connection.inFlight.delete(exchange);
    exchange.closed();
    if (this.#stopping && connection.inFlight.size === 0) socket.destroySoon?.();
  }

  #lost(socket: Link, connection: Connection): void {
    this.#open.delete(socket);
    for (const exchange of connection.inFlight) exchange.closed();
    connection.inFlight.clear();
    if (this.#open.size === 0) this.#whenEmpty?.();
  }
}
