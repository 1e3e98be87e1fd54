/**
 * One request as a handler sees it: what was asked, and the two things it may wait for. Both doors, the hot path and the
 * router, make the same call and give it to the same handler.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Grant } from "./auth/grant.ts";
import type { Reply } from "./reply.ts";
import type { SseReply } from "./sse.ts";
import type { UpgradeReply } from "./upgrade-reply.ts";

export interface Call {
  readonly method: string;
  /** What the path names, a topic, a router or a session: decoded and valid, and empty where it names nothing. */
  readonly name: string;
  /** The same, on routes of a topic. */
  readonly topic: string;
  /** What the caller's key is good for; scopes and the name in the path have been held against it already. */
  readonly grant: Grant;
  /** Behind the `?`, still encoded. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** It asks for a WebSocket, and may have one. */
  readonly upgradable: boolean;
  /** Monotonic, at the request's arrival. */
  readonly startedMs: number;
  /** Plain bytes, whole; empty when there is no body. */
  body(): Promise<Uint8Array>;
  /** Looks at what there is once all that was asked before on the same connection has had its effect. */
  afterChanges<T>(look: () => T | Promise<T>): T | Promise<T>;
  /**
   * Makes a change once all that was asked before on the same connection has its place in the order of effects. `placed`
   * may be called as soon as this change has its own; otherwise it counts as placed when it is over.
   */
  inOrder<T>(change: (placed: () => void) => Promise<T>): Promise<T>;
  /** The answer may take any time: until it is sent, silence does not end the connection. */
  takeTime(): void;
  /** Fires when waiting has no point any more: the client hung up, or the server stops. */
  interrupted(): AbortSignal;
}

export type Answer = Reply | SseReply | UpgradeReply;
export type Handler = (call: Call) => Answer | Promise<Answer>;
