/** What `GET /v0/ws` answers to a request that is no upgrade to a WebSocket (spec 4.4). */
import { TopicsError } from "../../base/errors.ts";
import type { Handler } from "../call.ts";

export function notUpgraded(): Handler {
  return () => {
    throw new TopicsError(
      "invalid_request",
      "This is a WebSocket: ask for an upgrade, over HTTP/1.1, with Sec-WebSocket-Version 13.",
    );
  };
}
