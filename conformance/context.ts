/**
 * What a case gets: a client, names that no other case uses, and raw connections. It remembers every name it gave out
 * and every connection it opened, and takes all of it back when the case is over, however it ended.
 */
import { ok } from "./expect.ts";
import type { Target } from "./target.ts";
import { Topic } from "./topic.ts";
import type { Fields } from "./topic.ts";
import type { Http1Client, HttpClient } from "./transport/http1.ts";
import { RawConnection } from "./transport/raw.ts";

export class Context {
  readonly target: Target;
  readonly http: HttpClient;
  /** Every topic of this case begins with it, and no other topic on the server does. */
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly #client: Http1Client;
  readonly #names = new Set<string>();
  readonly #hostile = new Set<string>();
  readonly #connections: RawConnection[] = [];

  constructor(target: Target, client: Http1Client, prefix: string, signal: AbortSignal) {
    this.target = target;
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

  /** Removes what the case made; returns the names that could not be removed, with the reason. */
  async cleanUp(signal: AbortSignal): Promise<string[]> {
    for (const connection of this.#connections) connection.destroy();
    const client = this.#client.within(signal);
    const left: string[] = [];
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
