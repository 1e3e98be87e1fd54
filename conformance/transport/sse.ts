/**
 * A stream of server-sent events as the contract has them (spec 4.2): LF line ends, `data` on one line. Read field by
 * field, so that what comes between the events can be judged too.
 */
import { fail } from "../expect.ts";
import type { Target } from "../target.ts";
import { openAnswer } from "./connect.ts";
import type { OpenAnswer } from "./open-answer.ts";

export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The block as it came. */
  readonly text: string;
}

export class EventStream {
  readonly head: OpenAnswer["head"];
  readonly #answer: OpenAnswer;
  readonly #signal: AbortSignal;
  #text = "";
  #taken = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(answer: OpenAnswer, signal: AbortSignal) {
    const { head, body } = answer;
    this.head = head;
    this.#answer = answer;
    this.#signal = signal;
    const wake = (): void => this.#wake?.();
    const ended = (): void => {
      this.#ended = true;
      wake();
    };
    body.setEncoding("utf8");
    body.on("data", (chunk: string) => {
      this.#text += chunk;
      wake();
    });
    body.on("end", ended).on("close", ended).on("error", ended);
    signal.addEventListener("abort", wake, { once: true });
  }

  static async open(
    target: Target,
    path: string,
    signal: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventStream> {
    return new EventStream(await openAnswer(target, path, signal, headers), signal);
  }

  /** Everything that has come by now. */
  get text(): string {
    return this.#text;
  }

  /** The next event; blocks without data are passed over. */
  async next(): Promise<StreamEvent> {
    const event = await this.#next();
    return event ?? fail(`the stream ended, with ${JSON.stringify(this.#text.slice(-200))} as its last words`);
  }

  /** The next events up to the first for which `last` holds. */
  async until(last: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (last(event)) return events;
    }
  }

  /** Up to where `count` topics have caught up. A client bears more such events than one for each. */
  caughtUp(count = 1): Promise<StreamEvent[]> {
    const topics = new Set<unknown>();
    return this.until(({ event, data }) => event === "caught-up" && topics.add(data["topic"]).size === count);
  }

  /** The next event that is no `caught-up`. */
  async nextButCaughtUp(): Promise<StreamEvent> {
    return (await this.until(({ event }) => event !== "caught-up")).at(-1)!;
  }

  /** Waits for a piece of text. */
  async seen(piece: string): Promise<void> {
    while (!this.#text.includes(piece)) if (!(await this.#more())) fail(`the stream ended without ${piece}`);
  }

  /** The server ends it; what came before is passed over. */
  async over(): Promise<void> {
    while ((await this.#next()) !== undefined);
  }

  /** Reads nothing from now on: the server finds the connection full some day. */
  pause(): void {
    this.#answer.body.pause();
  }

  resume(): void {
    this.#answer.body.resume();
  }

  destroy(): void {
    this.#answer.destroy();
  }

  async #next(): Promise<StreamEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf("\n\n", this.#taken);
      if (end < 0) {
        if (!(await this.#more())) return undefined;
        continue;
      }
      const text = this.#text.slice(this.#taken, end);
      this.#taken = end + 2;
      const event = parse(text);
      if (event !== undefined) return event;
    }
  }

  async #more(): Promise<boolean> {
    if (this.#signal.aborted) fail(`nothing more came: ${JSON.stringify(this.#text.slice(-200))}`);
    if (this.#ended) return false;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return true;
  }
}

function parse(text: string): StreamEvent | undefined {
  const field = (name: string): string | undefined => {
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}:`));
    if (lines.length > 1) fail(`${name} is on one line: ${text}`);
    return lines[0]?.slice(name.length + 1).replace(/^ /, "");
  };
  const data = field("data");
  if (data === undefined) return undefined;
  const value = JSON.parse(data) as Readonly<Record<string, unknown>>;
  return { id: field("id"), event: field("event"), data: value, text };
}

/** What an id says (4.2). */
export function cursorsOf(id: string | undefined): Readonly<Record<string, unknown>> {
  if (id === undefined || !/^[A-Za-z0-9_-]+$/.test(id)) fail(`an id is base64url without padding, not ${id}`);
  return JSON.parse(Buffer.from(id, "base64url").toString("utf8")) as Readonly<Record<string, unknown>>;
}

export function idOf(cursors: Readonly<Record<string, number>>): string {
  return Buffer.from(JSON.stringify(cursors)).toString("base64url");
}
