/**
 * A real server in a process of its own: the built program on a real disk, as an operator would start it. Started and
 * stopped by what it says on stderr and by signals; nothing here waits for time to pass.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));

export interface ServerOptions {
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A command that starts the server in its place (`unshare -n`). */
  readonly under?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly log: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #logged: Promise<void>;
  #heard: (() => void)[] = [];
  #ended = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const lines = createInterface({ input: child.stderr! });
    lines.on("line", (line) => {
      this.log.push(parsed(line));
      for (const hear of this.#heard.splice(0)) hear();
    });
    this.#logged = new Promise((resolve) => lines.on("close", () => resolve()));
    this.exited = new Promise<Exit>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve({ code, signal }));
    }).then(async (exit) => {
      await this.#logged;
      this.#ended = true;
      for (const hear of this.#heard.splice(0)) hear();
      return exit;
    });
  }

  /** Started, whatever comes of it. */
  static launch({ directory, environment = {}, under = [] }: ServerOptions): ServerProcess {
    assert.ok(existsSync(program), `${program} is not there: npm run build`);
    const [command, ...rest] = [...under, process.execPath, program, "--data-dir", directory, "--port", "0"];
    const inherited = Object.entries(process.env).filter(
      // Its settings are the test's alone, and what a killed process would have covered is lost anyway.
      ([name]) => !name.startsWith("TOPICS_") && name !== "NODE_V8_COVERAGE",
    );
    const env = { ...Object.fromEntries(inherited), ...environment };
    return new ServerProcess(spawn(command, rest, { env, stdio: ["ignore", "ignore", "pipe"] }));
  }

  /** Started and ready. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const server = ServerProcess.launch(options);
    await server.said("ready");
    return server;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get port(): number {
    const line = this.log.find(({ msg }) => msg.startsWith("listening on http://"));
    assert.ok(line, "it listens");
    return Number(line.msg.slice(line.msg.lastIndexOf(":") + 1));
  }

  /** Resolves with the first line whose message is, or begins with, `message`; rejects when it ends without one. */
  async said(message: string): Promise<LogLine> {
    for (;;) {
      const line = this.log.find(({ msg }) => msg.startsWith(message));
      if (line) return line;
      assert.ok(!this.#ended, `the server ended without "${message}": ${JSON.stringify(this.log.at(-1))}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (!this.#ended && this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGKILL");
    await this.exited;
  }
}

/** What is not a log line is the runtime's own complaint. */
function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch (error) {
    if (error instanceof SyntaxError) return { msg: line };
    throw error;
  }
}
