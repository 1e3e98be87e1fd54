/** Writers on connections of their own, until the server is gone; what they write is drawn from a seed. */
import { Prng } from "../../sim/prng.ts";
import type { AckLedger, Class } from "./ack-ledger.ts";
import { Connection } from "./connection.ts";

export const topics: Readonly<Record<string, Class>> = {
  "disk-a": "disk",
  "disk-b": "disk",
  "fsync-a": "fsync",
  "fsync-b": "fsync",
  memory: "memory",
  trimmed: "disk",
};

/** Numbers and strings that a server which parses payloads would not give back as they were. */
const oddities = ["1e400", "12345678901234567890", "-0", '"d\\u0061ta"', '{"__proto__":1,"a":1.0,"a":2}', '"\\ud800"'];

export async function createTopics(port: number, ledger: AckLedger): Promise<void> {
  const connection = new Connection(port);
  for (const [topic, durability] of Object.entries(topics)) {
    const { status, text } = await connection.send("PUT", `/v0/topics/${topic}`, JSON.stringify({ durability }));
    if (status !== 201) throw new Error(text);
    ledger.topic(topic, durability);
  }
  connection.close();
}

export interface LoadOptions {
  readonly port: number;
  readonly seed: string;
  readonly writers: number;
  readonly ledger: AckLedger;
  /** After each ack. */
  readonly acked: () => void;
}

/** Resolves when every writer has lost its server. */
export async function load(options: LoadOptions): Promise<void> {
  const writers = Array.from({ length: options.writers }, (_, number) => writer(options, number));
  await Promise.all(writers);
}

async function writer({ port, seed, ledger, acked }: LoadOptions, number: number): Promise<void> {
  const prng = new Prng(`${seed}/${number}`);
  const connection = new Connection(port);
  try {
    for (let write = 0; ; write++) {
      const name = `${seed}/${number}/${write}`;
      const topic = prng.pick(Object.keys(topics));
      const size = prng.chance(50) ? 1 : prng.between(2, 40);
      const payloads = Array.from({ length: size }, (_, at) => payloadOf(prng, `${name}/${at}`));
      const key = prng.chance(30) ? name : undefined;
      if (topic === "trimmed" && prng.chance(10)) await ledger.deleteBefore(connection, topic, ledger.head(topic));
      await ledger.append(connection, { topic, payloads, key });
      acked();
    }
  } catch (error) {
    // The server is gone: that is what the writer was waiting for.
    if (!isLost(error)) throw error;
  } finally {
    connection.close();
  }
}

function payloadOf(prng: Prng, name: string): string {
  const text = prng.chance(2) ? "x".repeat(prng.between(1, 60_000)) : "";
  return `{"id":${JSON.stringify(name)},"odd":${prng.pick(oddities)},"text":"${text}"}`;
}

/** The connection broke, or could not be made any more. */
export function isLost(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "ECONNRESET" || code === "ECONNREFUSED" || code === "EPIPE";
}
