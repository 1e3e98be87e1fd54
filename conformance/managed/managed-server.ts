/**
 * A server of a case's own (spec 7.1): started by a command that takes its settings from the environment, on a directory
 * and a port that nobody else has; killed, stopped and started again as the case wants.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fail } from "../expect.ts";
import { parseTarget, type Target } from "../target.ts";
import { Topic } from "../topic.ts";
import type { Body, Client, HttpClient, SendOptions } from "../transport/client.ts";
import { clientFor } from "../transport/connect.ts";
import { RawConnection } from "../transport/raw.ts";
import type { Reply } from "../transport/reply.ts";
import { type Exit, ServerProcess } from "./server-process.ts";

export type Settings = Readonly<Record<string, string>>;

const readyWithinMs = 30_000;
const stopsWithinMs = 40_000;
const pollMs = 10;

/** What a server is started with. */
export interface Preparation {
  /** Given to the shell. */
  readonly command: string;
  readonly settings?: Settings;
  readonly signal: AbortSignal;
  /** How it is spoken to. */
  readonly isHttp2?: boolean;
}

export class ManagedServer implements HttpClient {
  readonly #command: string;
  readonly #root: string;
  readonly #signal: AbortSignal;
  readonly #isHttp2: boolean;
  #settings: Settings;
  readonly #launched: ServerProcess[] = [];
  #process: ServerProcess | undefined;
  #target: Target | undefined;
  #client: Client | undefined;
  #starts = 0;

  private constructor({ command, settings = {}, signal, isHttp2 = false }: Preparation, root: string) {
    this.#command = command;
    this.#root = root;
    this.#settings = settings;
    this.#signal = signal;
    this.#isHttp2 = isHttp2;
  }

  /** With an empty directory; not started yet. */
  static async prepare(preparation: Preparation): Promise<ManagedServer> {
    return new ManagedServer(preparation, await mkdtemp(join(tmpdir(), "probe-")));
  }

  get directory(): string {
    return join(this.#root, "data");
  }

  /** Another place that only this case knows. */
  path(name: string): string {
    return join(this.#root, name);
  }

  get target(): Target {
    return this.#target ?? fail("the server is not running");
  }

  /** Until it says that it is ready. `settings` are for this start and the following ones. */
  async start(settings: Settings = {}): Promise<void> {
    await this.#started(settings, (address) => this.#isReady(address));
  }

  /** Until it has said where it listens, ready or not; the server itself, as its target is known from then on. */
  async listening(): Promise<this> {
    await this.#started({}, (address) => {
      this.#speakTo(address);
      return Promise.resolve(true);
    });
    return this;
  }

  async #started(settings: Settings, isUp: (address: string) => Promise<boolean>): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    const { process, portFile } = this.#launch();
    this.#process = process;
    const giveUp = performance.now() + readyWithinMs;
    while (performance.now() < giveUp) {
      if (process.isOver) fail(`the server did not start: ${process.output}`);
      const address = await readFile(portFile, "utf8").catch(() => undefined);
      if (address !== undefined && (await isUp(address))) return;
      await pause(pollMs, undefined, { signal: this.#signal });
    }
    fail(`the server was not ready within ${readyWithinMs} ms: ${process.output}`);
  }

  /** Starts one that is expected to end by itself: how it ended, and what it said. The running one goes on. */
  async refused(settings: Settings = {}): Promise<Exit & { readonly output: string }> {
    const { process } = this.#launch(settings);
    const exit = await this.#ended(process, "to refuse the start");
    return { ...exit, output: process.output };
  }

  /** Ends it without a word, and starts it on what it left. */
  async restarted(settings: Settings = {}): Promise<void> {
    await this.kill();
    await this.start(settings);
  }

  /** Nothing of it is left when this returns. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    return this.#end(signal);
  }

  /** Without waiting for what comes of it. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal);
  }

  async ended(): Promise<Exit> {
    return this.#end(undefined);
  }

  topic(name: string): Topic {
    return new Topic(name, this);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.open(this.target, this.#signal);
  }

  async send(method: string, path: string, body?: Body, options?: SendOptions): Promise<Reply> {
    if (this.#client === undefined) fail("the server is not running");
    return this.#client.send(method, path, body, options);
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
    this.#target = undefined;
  }

  /** Ends it in any case, and removes its directories. Says what else is wrong: a key in anything that it ever wrote. */
  async remove(): Promise<readonly string[]> {
    await this.#end("SIGKILL");
    await rm(this.#root, { recursive: true, force: true });
    return this.#launched.flatMap(({ toldSecret }) =>
      toldSecret === undefined ? [] : [`a key in its log: ${toldSecret}`],
    );
  }

  async #end(signal: NodeJS.Signals | undefined): Promise<Exit> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) {
      this.close();
      return { code: null, signal: null };
    }
    if (signal !== undefined) process.signal(signal);
    try {
      return await this.#ended(process, `to end by ${signal ?? "itself"}`);
    } finally {
      this.close();
    }
  }

  async #ended(process: ServerProcess, what: string): Promise<Exit> {
    const timer = new AbortController();
    const late = pause(stopsWithinMs, "late", { signal: timer.signal });
    try {
      const exit = await Promise.race([process.exited, late]);
      if (exit !== "late") return exit as Exit;
    } finally {
      timer.abort();
      late.catch(() => undefined);
    }
    process.signal("SIGKILL");
    await process.exited;
    return fail(`the server took more than ${stopsWithinMs} ms ${what}: ${process.output}`);
  }

  #launch(settings: Settings = {}): { readonly process: ServerProcess; readonly portFile: string } {
    const environment = {
      TOPICS_HOST: "127.0.0.1",
      TOPICS_PORT: "0",
      // A file of its own for every start: the one before may still be there.
      TOPICS_PORT_FILE: this.path(`port-${this.#starts++}`),
      TOPICS_DATA_DIR: this.directory,
      ...this.#settings,
      ...settings,
    };
    const process = new ServerProcess(this.#command, environment);
    this.#launched.push(process);
    return { process, portFile: environment.TOPICS_PORT_FILE };
  }

  async #isReady(address: string): Promise<boolean> {
    const client = this.#speakTo(address);
    try {
      return (await client.send("GET", "/v0/ready")).status === 200;
    } catch (error) {
      if (this.#signal.aborted) throw error;
      return false;
    }
  }

  #speakTo(address: string): Client {
    this.close();
    this.#target = parseTarget(`http://${address}`, tokenOf(this.#settings), this.#isHttp2);
    return (this.#client = clientFor(this.#target, this.#signal));
  }
}

/** The first key of 7.2, if there are any: cases give it all scopes. */
function tokenOf({ TOPICS_API_KEYS: keys }: Settings): string | undefined {
  return keys?.split(",")[0].split(":")[0].trim();
}
