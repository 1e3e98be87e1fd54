/** The server that is fuzzed: the built program in a process of its own, with small bounds so that they are met, and watched. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { keys } from "./requests.ts";
import type { Watched } from "./watch.ts";

const program = fileURLToPath(new URL("../../dist/src/main.js", import.meta.url));
const watch = new URL("watch.ts", import.meta.url).href;

const settings = {
  TOPICS_API_KEYS: `${keys.all},${keys.part}:r+w:fz.`,
  TOPICS_MAX_TOPICS: "200",
  TOPICS_MAX_ROUTERS: "50",
  TOPICS_MAX_WATCH_SESSIONS: "100",
  TOPICS_MAX_TOTAL_BYTES: String(32 << 20),
  TOPICS_MAX_IDEMPOTENCY_KEYS: "1000",
  TOPICS_TAIL_BYTES: String(32 << 20),
  TOPICS_CACHE_BYTES: String(8 << 20),
  TOPICS_CHECKPOINT_BYTES: String(16 << 20),
};

export class FuzzedServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #trouble: string[];

  private constructor(child: ChildProcess, port: number, trouble: string[]) {
    this.#child = child;
    this.port = port;
    this.#trouble = trouble;
  }

  static async start(directory: string): Promise<FuzzedServer> {
    const loader = ["--expose-gc", "--import", "ts-blank-space/register", "--import", watch];
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TOPICS_"));
    const child = spawn(process.execPath, [...loader, program, "--port", "0", "--data-dir", directory], {
      env: { ...Object.fromEntries(inherited), ...settings },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const trouble: string[] = [];
    let port = 0;
    let rest = "";
    const ready = new Promise<void>((resolve, reject) => {
      child.once("exit", (code, signal) => {
        trouble.push(`the server ended with ${code ?? signal}, saying ${rest}`);
        reject(new Error(`the server ended with ${code ?? signal}: ${rest}`));
      });
      child.stderr!.on("data", (data: Buffer) => {
        const lines = (rest + data.toString("utf8")).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          port ||= Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
          if (/"msg":"ready"/.test(line)) resolve();
          if (/"level":(5|6)0/.test(line) || line.includes("fuzz-key") || !line.startsWith("{")) trouble.push(line);
        }
      });
    });
    await ready;
    return new FuzzedServer(child, port, trouble);
  }

  /** Errors in its log, keys in its log, its end. */
  get trouble(): readonly string[] {
    return this.#trouble;
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What it cost since the last time. */
  async watched(): Promise<Watched> {
    const answer = once(this.#child, "message");
    this.#child.send("what did it cost?");
    const [seen] = (await answer) as [Watched];
    return seen;
  }

  /** Whatever is left of it. */
  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGKILL");
  }

  /** A clean stop; says with what it ended. */
  async stop(): Promise<string> {
    const exit = once(this.#child, "exit");
    const known = this.#trouble.length;
    this.#child.kill("SIGTERM");
    const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
    this.#trouble.splice(known);
    return String(code ?? signal);
  }
}
