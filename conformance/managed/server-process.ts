/**
 * A run of a server's command in a process group of its own, so that a signal reaches whatever the command started. It is
 * over when nothing of the group holds its output any more: only then are its port and its lock known to be free.
 */
import { type ChildProcess, spawn } from "node:child_process";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const shownChars = 4000;
/** Not even in part (spec 7.2): so much of a key's end is one. */
const partChars = 8;

export class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #secrets: readonly string[];
  #output = "";
  #said: string | undefined;
  #isOver = false;

  constructor(command: string, environment: Readonly<Record<string, string>>) {
    this.#child = spawn(command, {
      shell: true,
      detached: true,
      env: { ...withoutSettings(process.env), ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#secrets = secretsIn(environment);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => this.#take(chunk.toString("utf8")));
    this.exited = new Promise<Exit>((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#isOver = true;
        resolve({ code, signal });
      });
    });
    // Whoever waits for it hears of a command that cannot be started; nobody has to.
    this.exited.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The last of what it said, for the reason of a failure. */
  get output(): string {
    return this.#output.trim();
  }

  /** The line with a key of its settings in it, or a part of one, if it ever wrote such a line. */
  get toldSecret(): string | undefined {
    return this.#said;
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#isOver) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // The group may be gone before its output has been read to the end.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  #take(text: string): void {
    const before = this.#output.slice(-partChars);
    this.#output = (this.#output + text).slice(-shownChars);
    const fresh = before + text;
    const secret = this.#secrets.find((part) => fresh.includes(part));
    if (secret !== undefined) this.#said ??= fresh.split("\n").find((line) => line.includes(secret));
  }
}

function secretsIn({ TOPICS_API_KEYS: entries = "" }: Readonly<Record<string, string>>): readonly string[] {
  const keys = entries.split(",").map((entry) => entry.split(":")[0].trim());
  return keys.filter((key) => key.length >= partChars).map((key) => key.slice(-partChars));
}

/** The settings of a server under probe are its cases' alone. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TOPICS_")));
}
