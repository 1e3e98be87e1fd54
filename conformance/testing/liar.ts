/**
 * A server that lies: it stands before one that keeps the contract and changes what that says, in one way at a time, so
 * that each case can be shown to fail when its behaviour is another (lies.ts has the ways).
 */
import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { parseTarget, type Target } from "../target.ts";

export interface Said {
  readonly method: string;
  readonly path: string;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** One way of not keeping the contract; what it does not mention it passes on. */
export interface Lie {
  readonly what: string;
  /** Changes an answer in place. */
  readonly answer?: (said: Said) => void;
  /** An event of a stream as its text, or a message of a WebSocket. */
  readonly event?: (text: string) => string;
  /** Nothing gets through to the server. */
  readonly swallows?: (method: string, path: string) => boolean;
}

export class Liar {
  readonly #target: Target;
  readonly #lie: Lie;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(url: string, lie: Lie) {
    this.#target = parseTarget(url);
    this.#lie = lie;
    this.#server = createServer({ requireHostHeader: false, maxHeaderSize: 65_536 }, (request, response) =>
      this.#pass(request, response),
    );
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
    this.#server.on("connection", (socket) => this.#keep(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { host, port } = this.#target;
    const { method = "GET", url: path = "/", headers } = request;
    if (this.#lie.swallows?.(method, path) === true) {
      request.resume();
      response.writeHead(200, { "content-type": "application/json" });
      response.end("{}");
      return;
    }
    const passed = openRequest({ host, port, method, path, headers, agent: false });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    passed.on("response", (answer) => {
      if (answer.headers["content-type"] === "text/event-stream") this.#stream(answer, response);
      else void this.#answer({ method, path }, answer, response);
    });
    request.pipe(passed);
  }

  async #answer(
    { method, path }: Pick<Said, "method" | "path">,
    answer: IncomingMessage,
    to: ServerResponse,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer);
    } catch {
      to.destroy();
      return;
    }
    const headers = { ...answer.headers };
    delete headers["transfer-encoding"];
    const bytes = Buffer.concat(chunks);
    const isText = headers["content-encoding"] === undefined;
    const said: Said = { method, path, status: answer.statusCode ?? 0, headers, body: isText ? bytes.toString() : "" };
    this.#lie.answer?.(said);
    const body = isText ? Buffer.from(said.body) : bytes;
    if (method !== "HEAD") said.headers["content-length"] = String(body.length);
    to.writeHead(said.status, said.headers);
    to.end(method === "HEAD" ? undefined : body);
  }

  #stream(answer: IncomingMessage, response: ServerResponse): void {
    const said: Said = { method: "GET", path: "", status: 200, headers: answer.headers, body: "" };
    this.#lie.answer?.(said);
    response.writeHead(said.status, said.headers);
    response.flushHeaders();
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        response.write(this.#lie.event?.(text.slice(0, end + 2)) ?? text.slice(0, end + 2));
        text = text.slice(end + 2);
      }
    });
    answer.on("close", () => response.end());
    answer.on("error", () => response.destroy());
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const server = connect(this.#target.port, this.#target.host);
    this.#keep(server);
    server.on("close", () => socket.destroy());
    socket.on("close", () => server.destroy());
    const lines = Array.from({ length: request.rawHeaders.length / 2 }, (_, at) =>
      request.rawHeaders.slice(2 * at, 2 * at + 2).join(": "),
    );
    server.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    server.write(head);
    socket.pipe(server);
    const { event } = this.#lie;
    if (event === undefined) {
      server.pipe(socket);
      return;
    }
    let bytes = Buffer.alloc(0);
    let isOpen = false;
    server.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!isOpen) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end < 0) return;
        isOpen = true;
        socket.write(bytes.subarray(0, end + 4));
        bytes = bytes.subarray(end + 4);
      }
      for (let frame = frameOf(bytes); frame !== undefined; frame = frameOf(bytes)) {
        const { kind, payload, length } = frame;
        socket.write(kind === 1 ? framed(Buffer.from(event(payload.toString()))) : bytes.subarray(0, length));
        bytes = bytes.subarray(length);
      }
    });
  }
}

interface Frame {
  readonly kind: number;
  readonly payload: Buffer;
  /** With its head. */
  readonly length: number;
}

/** The first frame, as servers send them: not masked. */
function frameOf(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 127;
  const begin = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < begin) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if (bytes.length < begin + size) return undefined;
  return { kind: bytes[0] & 15, payload: bytes.subarray(begin, begin + size), length: begin + size };
}

function framed(payload: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head[0] = 0x81;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}
