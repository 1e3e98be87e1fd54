/** A handler's answer that makes a WebSocket of the connection (spec 4.4). */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";

export interface UpgradeReply {
  upgrade(ws: WebSocket, socket: Socket): { shutDown(): void };
}
