/**
 * The sockets that are open and the exchanges in flight on each (spec 7.3, 7.5): so that every exchange is told once
 * when it is over, a parse error finds the request it belongs to, and a stop can wait for what is in flight and for
 * nothing else.
 */
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { Order, type Turn } from "./order.ts";

interface Connection {
  readonly order: Order;
  readonly inFlight: Set<Exchange>;
  latest: Exchange | undefined;
}

export class Connections {
  readonly #open = new Map<Socket, Connection>();
  #stopping = false;
  #whenEmpty: (() => void) | undefined;

  get stopping(): boolean {
    return this.#stopping;
  }

  /** A socket that may not have asked for anything yet. */
  accept(socket: Socket): void {
    if (this.#stopping) socket.destroy();
    else this.#connection(socket);
  }

  /** For the request that has just arrived; `undefined` when it comes too late to be answered. */
  turn(socket: Socket): Turn | undefined {
    return socket.destroyed ? undefined : this.#connection(socket).order.take();
  }

  /** Nothing that still arrives on this socket is a request. */
  refuseMore(socket: Socket): void {
    this.#connection(socket).order.end();
  }

  /** Says how many are in flight on this connection, this one among them. */
  begin(exchange: Exchange): number {
    const { socket } = exchange.req;
    const connection = this.#connection(socket);
    connection.latest = exchange;
    connection.inFlight.add(exchange);
    exchange.res.once("close", () => this.#end(socket, connection, exchange));
    return connection.inFlight.size;
  }

  /** The request that arrived last on a socket, while it is unanswered. */
  unanswered(socket: Socket): Exchange | undefined {
    const connection = this.#open.get(socket);
    const latest = connection?.latest;
    return latest !== undefined && connection?.inFlight.has(latest) === true ? latest : undefined;
  }

  /** From now on an answer is the last one on its connection, and connections without a request in flight end. */
  stop(): void {
    this.#stopping = true;
    for (const [socket, connection] of this.#open) {
      if (connection.inFlight.size === 0) socket.destroy();
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

  #connection(socket: Socket): Connection {
    const known = this.#open.get(socket);
    if (known !== undefined) return known;
    const connection: Connection = { order: new Order(), inFlight: new Set(), latest: undefined };
    this.#open.set(socket, connection);
    socket.once("close", () => this.#lost(socket, connection));
    return connection;
  }

  #end(socket: Socket, connection: Connection, exchange: Exchange): void {
    connection.inFlight.delete(exchange);
    exchange.closed();
    if (this.#stopping && connection.inFlight.size === 0) socket.destroySoon();
  }

  #lost(socket: Socket, connection: Connection): void {
    this.#open.delete(socket);
    for (const exchange of connection.inFlight) exchange.closed();
    connection.inFlight.clear();
    if (this.#open.size === 0) this.#whenEmpty?.();
  }
}
