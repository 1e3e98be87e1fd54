/** One connection that plays one play, and what came of it. Time is given for what must be answered; silence ends the rest. */
import { connect, type Socket } from "node:net";
import { type Reply, repliesIn, wrongWith } from "./judge.ts";
import type { Play } from "./plays.ts";

/** How long the client of a play listens that may be answered or not. */
const quietMs = 40;
/** Longer than anything takes that must be answered. */
const hangMs = 45_000;

export interface Outcome {
  readonly statuses: readonly number[];
  readonly wrong: string | undefined;
}

/** `refused`: nobody listens any more. */
export async function perform(port: number, play: Play): Promise<Outcome | "refused"> {
  const exchanged = await exchange(port, play);
  if (exchanged === "refused") return exchanged;
  const { received, hung } = exchanged;
  // Whether the answer to a HEAD has a body can't be told where nobody knows what was asked.
  const unclear = play.methods.length === 0 && play.pieces.some((piece) => piece.includes("HEAD"));
  if (unclear || received.subarray(0, 5).toString("latin1") !== "HTTP/") {
    const failed = /^HTTP\/1\.1 5\d\d/m.exec(received.toString("latin1"));
    return { statuses: [], wrong: failed?.[0] };
  }
  let replies: Reply[];
  try {
    replies = repliesIn(received, play.methods);
  } catch (error) {
    return { statuses: [], wrong: error instanceof Error ? error.message : String(error) };
  }
  const wrong = replies.map(wrongWith).find((one) => one !== undefined);
  const statuses = replies.map(({ status }) => status);
  return { statuses, wrong: wrong ?? (hung ? `no answer within ${hangMs} ms` : undefined) };
}

function exchange(port: number, play: Play): Promise<{ received: Buffer; hung: boolean } | "refused"> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const parts: Buffer[] = [];
    let hung = false;
    const whole = (): Buffer => Buffer.concat(parts);
    const done = (): void => {
      socket.destroy();
    };
    const mustAnswer = play.answered === true && !play.patient;
    let timer = setTimeout(done, mustAnswer ? hangMs : 10 * quietMs);
    const later = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hung = mustAnswer;
        done();
      }, ms);
    };
    later(mustAnswer ? hangMs : 10 * quietMs);
    socket.on("data", (part: Buffer) => {
      parts.push(part);
      if (play.answered === true && complete(whole(), play.methods)) done();
      else if (!mustAnswer) later(quietMs);
    });
    // The server may end a connection at any time, and what was not read of it then is lost.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") resolve("refused");
    });
    socket.on("close", () => {
      clearTimeout(timer);
      resolve({ received: whole(), hung });
    });
    socket.on("connect", () => {
      write(socket, play.pieces, () => {
        if (play.leaves === "politely") socket.end();
        if (play.leaves === "abruptly") socket.resetAndDestroy();
      });
    });
  });
}

function complete(received: Buffer, methods: readonly string[]): boolean {
  try {
    return repliesIn(received, methods).length >= methods.length;
  } catch {
    return true;
  }
}

function write(socket: Socket, pieces: readonly Buffer[], then: () => void): void {
  const [first, ...rest] = pieces;
  if (first === undefined || socket.destroyed) return then();
  socket.write(first, () => setImmediate(() => write(socket, rest, then)));
}
