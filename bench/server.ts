/**
 * A server of this build in a process of its own, on a directory of its own. It is known by its process id and ended by
 * it; its directory goes with it.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The built program: bench runs from `dist/bench`. */
export const program = fileURLToPath(new URL("../src/main.js", import.meta.url));
const startLimitMs = 60_000;
const pollMs = 1;

export interface Started {
  readonly url: string;
  /** From the call that starts the process to the first 200 of `/v0/ready`. */
  readonly readyAfterMs: number;
  /** What the server itself says that recovery took. */
  readonly recoveredMs: number;
}

export class Server {
  readonly #directory: string;
  readonly #dataDirectory: string;
  readonly #settings: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #log = "";
  #url = "";

  private constructor(directory: string, dataDirectory: string, settings: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.#dataDirectory = dataDirectory;
    this.#settings = settings;
  }

  static async create(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), "topics-bench-"));
    return new Server(directory, join(directory, "data"), settings);
  }

  /** On data that is there, and stays. */
  static async on(dataDirectory: string, settings: Readonly<Record<string, string>>): Promise<Server> {
    return new Server(await mkdtemp(join(tmpdir(), "topics-bench-")), dataDirectory, settings);
  }

  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#child?.pid ?? NaN;
  }

  async start(): Promise<Started> {
    const portFile = join(this.#directory, "port");
    await rm(portFile, { force: true });
    this.#log = "";
    const startedAt = performance.now();
    const child = spawn(process.execPath, [program, "serve"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...ownEnvironment(),
        ...this.#settings,
        TOPICS_PORT: "0",
        TOPICS_PORT_FILE: portFile,
        TOPICS_DATA_DIR: this.#dataDirectory,
      },
    });
    this.#child = child;
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    const deadline = startedAt + startLimitMs;
    this.#url = `http://${await this.#until(deadline, () => readFile(portFile, "utf8").catch(() => ""))}`;
    await this.#until(deadline, () => ready(this.#url));
    const readyAfterMs = performance.now() - startedAt;
    return { url: this.#url, readyAfterMs, recoveredMs: recoveredMs(this.#log) };
  }

  /** CPU seconds of the process so far, where the system tells. */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.#child?.pid}/stat`, "utf8").catch(() => "");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // utime and stime, in ticks of a hundredth of a second.
    return stat === "" ? NaN : (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** The most memory that the process has had, where the system tells. */
  async peakRss(): Promise<number> {
    const status = await readFile(`/proc/${this.#child?.pid}/status`, "utf8").catch(() => "");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) * 1024;
  }

  /** As a crash of the process does it: nothing is flushed. */
  kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    return child === undefined ? Promise.resolve() : ended(child, "SIGKILL");
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #until(deadline: number, look: () => Promise<string>): Promise<string> {
    for (;;) {
      const found = await look();
      if (found !== "") return found;
      if (this.#child?.exitCode !== null || performance.now() > deadline)
        throw new Error(`the server did not start:\n${this.#log}`);
      await sleep(pollMs);
    }
  }
}

/** Nothing that happens to be set here may change what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOPICS|NODE)_/.test(name)));
}

function ready(url: string): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(`${url}/v0/ready`, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200 ? "ready" : "");
    });
    asked.on("error", () => resolve(""));
    asked.end();
  });
}

function recoveredMs(log: string): number {
  const said = /"ms":(\d+),"msg":"recovered"/.exec(log);
  return said === null ? NaN : Number(said[1]);
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
