/** `GET /v0/ws` (spec 4.4): a WebSocket, or a word about how to get one. */
import { TopicsError } from "../../base/errors.ts";
import type { Handler } from "../call.ts";
import type { DoorDeps } from "../deps.ts";
import { Origins } from "../origins.ts";
import { WsConnection } from "../ws-connection.ts";

export function openSocket(deps: DoorDeps): Handler {
  const origins = new Origins(deps.config.corsOrigins);
  return (call) => {
    if (!call.upgradable)
      throw new TopicsError(
        "invalid_request",
        "This is a WebSocket: ask for an upgrade, over HTTP/1.1, with Sec-WebSocket-Version 13.",
      );
    if (origins.isForeign(call.headers))
      throw new TopicsError("forbidden", "Pages of this origin may not speak to this server (TOPICS_CORS_ORIGINS).");
    return { upgrade: (ws, socket) => new WsConnection(ws, socket, call.grant, deps) };
  };
}
