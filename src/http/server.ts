/**
 * The listening server (spec 7.5, 7.6): plain HTTP/1.1 with keep-alive and pipelining, and HTTP/2. It can listen before the engine
 * has recovered, and stops by taking no more, finishing what is in flight within the drain budget, and then ending the
 * rest.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { createApp } from "./app.ts";
import { ClientErrors } from "./client-error.ts";
import type { HttpConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import type { HttpDeps } from "./deps.ts";
import { http2Server } from "./http2.ts";
import { isPreface, type ParserError, takeBack } from "./protocols.ts";
import { takeUpgrade } from "./upgrade.ts";

export interface StopOutcome {
  /** Requests that were still in flight when the budget had run out. */
  readonly cutOff: number;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Ends everything within `drainMs`; asked again, it is the same stop. */
  stop(): Promise<StopOutcome>;
}

/** What answers connections, whoever accepts them: a listening socket, or the simulator with pairs of streams in memory. */
export interface Door {
  readonly server: Server;
  /** Takes no more, and ends everything within `drainMs`; asked again, it is the same stop. */
  readonly stop: () => Promise<StopOutcome>;
}

/** Hand a connection over with `server.emit("connection", socket)`, or have the server listen. */
export function createDoor(deps: HttpDeps): Door {
  const connections = new Connections();
  const { koa, events } = createApp(deps, connections);
  const { config } = deps;
  const listener = koa.callback();
  const server = httpServer(config, listener);
  const http2 = http2Server(config, events, listener);
  const clientErrors = new ClientErrors(connections, events);
  server.on("connection", (socket: Socket) => connections.accept(socket));
  server.on("clientError", (error: ParserError, stream) => {
    const socket = stream as Socket;
    if (isPreface(error) && connections.isFresh(socket)) {
      takeBack(socket, error);
      http2.once("session", (session) => connections.carries(socket, session));
      http2.emit("connection", socket);
    } else clientErrors.met(error, socket);
  });
  server.on("connect", (_req: IncomingMessage, socket) => clientErrors.met(new Error("no tunnels"), socket as Socket));
  let stopping: Promise<StopOutcome> | undefined;
  return { server, stop: () => (stopping ??= stop(server, connections, deps)) };
}

/** Resolves when connections are taken; rejects, naming the address, when it cannot be had. */
export async function startServer(deps: HttpDeps): Promise<HttpServer> {
  const { server, stop } = createDoor(deps);
  await listening(server, deps.config);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : deps.config.port;
  return { host: deps.config.host, port, stop };
}

function httpServer(config: HttpConfig, listener: (req: IncomingMessage, res: ServerResponse) => unknown): Server {
  const take = (req: IncomingMessage, res: ServerResponse): void => void listener(req, res);
  const server = createServer(
    {
      maxHeaderSize: config.maxHeaderBytes,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: config.timeoutCheckMs,
      keepAliveTimeout: config.keepAliveMs,
      noDelay: true,
      joinDuplicateHeaders: true,
      requireHostHeader: false,
      insecureHTTPParser: false,
    },
    take,
  );
  server.on("upgrade", (req, socket, head) => takeUpgrade(req, socket as Socket, head, take));
  server.on("checkContinue", take);
  server.on("checkExpectation", take);
  server.maxRequestsPerSocket = 0;
  server.maxConnections = config.maxConnections;
  server.timeout = config.silenceMs;
  return server;
}

function listening(server: Server, config: HttpConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => {
      reject(new Error(`cannot listen on ${config.host}:${config.port}: ${cause.message}`, { cause }));
    };
    server.once("error", failed);
    server.listen(config.port, config.host, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

async function stop(server: Server, connections: Connections, deps: HttpDeps): Promise<StopOutcome> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  connections.stop();
  let cutOff = 0;
  const budget = deps.timers.after(deps.config.drainMs, () => {
    cutOff = connections.cut();
  });
  await connections.emptied();
  deps.timers.clear(budget);
  await closed;
  return { cutOff };
}
