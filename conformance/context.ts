/**
 * What a case gets: a client, names that no other case uses, and raw connections. It remembers every name it gave out
 * and every connection it opened, and takes all of it back when the case is over, however it ended.
 */
import { equal, fail, ok } from "./expect.ts";
import { ManagedServer, type Settings } from "./managed/managed-server.ts";
import type { Target } from "./target.ts";
import { Topic } from "./topic.ts";
import type { Fields } from "./topic.ts";
import type { Client, HttpClient } from "./transport/client.ts";
import { clientFor } from "./transport/connect.ts";
import { RawConnection } from "./transport/raw.ts";
import { EventStream } from "./transport/sse.ts";
import { WebSocketClient } from "./transport/ws.ts";

export class Context {
  readonly target: Target;
  readonly http: HttpClient;
  /** Every topic of this case begins with it, and no other topic on the server does. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  /** Starts a server of the same kind, where the probe may do that. */
  readonly command: string | undefined;
  readonly #client: Client;
  readonly #names = new Set<string>();
  readonly #hostile = new Set<string>();
  readonly #connections: { destroy(): void }[] = [];
  readonly #servers: ManagedServer[] = [];

  constructor(target: Target, client: Client, prefix: string, signal: AbortSignal, command?: string) {
    this.target = target;
    this.command = command;
    this.prefix = prefix;
    this.signal = signal;
    this.#client = client;
    this.http = client.within(signal);
  }

  /** A topic that does not exist yet. */
  absent(label = `t${this.#names.size}`): Topic {
    const name = this.prefix + label;
    this.#names.add(name);
    return new Topic(name, this.http);
  }

  /** A topic that has just been created. */
  async topic(config: Fields = {}, label?: string): Promise<Topic> {
    const topic = this.absent(label);
    ok(await topic.put(config), 201);
    return topic;
  }

  /**
   * A path segment that is no topic name. A server that takes it all the same made a topic of it: that is removed too,
   * and because of the prefix it is nobody else's.
   */
  hostile(segment: string): string {
    this.#hostile.add(segment);
    return segment;
  }

  async connect(): Promise<RawConnection> {
    const connection = await RawConnection.open(this.target, this.signal);
    this.#connections.push(connection);
    return connection;
  }

  /** A session that watches these topics. */
  async session(body: Fields, query = ""): Promise<string> {
    const { wid } = ok<{ readonly wid: string }>(await this.http.send("POST", `/v0/watch${query}`, body));
    return wid;
  }

  /** The stream of a session, or of one made of this. */
  async stream(session: string | Fields, headers: Readonly<Record<string, string>> = {}): Promise<EventStream> {
    const wid = typeof session === "string" ? session : await this.session(session);
    const stream = await this.events(`/v0/watch/${wid}`, headers);
    equal(stream.head.status, 200, "status of the stream");
    return stream;
  }

  /** The answer to a `GET` as a stream of events, whatever its status. */
  async events(
    path: string,
    headers: Readonly<Record<string, string>> = {},
    target: Target = this.target,
  ): Promise<EventStream> {
    const stream = await EventStream.open(target, path, this.signal, headers);
    this.#connections.push(stream);
    return stream;
  }

  async socket(target: Target = this.target, headers: readonly string[] = []): Promise<WebSocketClient> {
    const socket = await WebSocketClient.open(target, this.signal, headers);
    this.#connections.push(socket);
    return socket;
  }

  /** A client with connections of its own, over another protocol or with another key than the target's. */
  client(change: Partial<Target>): Client {
    const client = clientFor({ ...this.target, ...change }, this.signal);
    this.#connections.push({ destroy: () => client.close() });
    return client;
  }

  /** A server of this case's own, with an empty directory; not started yet. */
  async preparedServer(settings: Settings = {}): Promise<ManagedServer> {
    const command = this.command ?? fail("only cases that need a server of their own may ask for one");
    const server = await ManagedServer.prepare({
      ...{ command, settings, signal: this.signal },
      isHttp2: this.target.isHttp2,
    });
    this.#servers.push(server);
    return server;
  }

  async server(settings: Settings = {}): Promise<ManagedServer> {
    const server = await this.preparedServer(settings);
    await server.start();
    return server;
  }

  /** Removes what the case made; returns the names that could not be removed, with the reason. */
  async cleanUp(signal: AbortSignal): Promise<string[]> {
    for (const connection of this.#connections) connection.destroy();
    const left: string[] = [];
    for (const server of this.#servers) left.push(...(await server.remove()));
    const client = this.#client.within(signal);
    const remove = async (name: string, gone: readonly number[]): Promise<void> => {
      try {
        const reply = await client.send("DELETE", `/v0/topics/${name}`);
        if (!gone.includes(reply.status)) left.push(`${name} (status ${reply.status})`);
      } catch (error) {
        left.push(`${name} (${error instanceof Error ? error.message : String(error)})`);
      }
    };
    for (const name of this.#names) await remove(name, [200]);
    for (const segment of this.#hostile) await remove(segment, [200, 400, 404]);
    return left;
  }
}
