/** One request to a server, and its answer, however long that takes (spec 2.1). */
import { request } from "node:http";

export interface Answer {
  readonly status: number;
  /** `undefined` when it is no JSON. */
  readonly body: unknown;
}

/** `key`: sent as `Authorization: Bearer`. Rejects with the errno of the connection. */
export function postJson(url: URL, body: unknown, key?: string): Promise<Answer> {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { "content-type": "application/json", "content-length": bytes.length };
  return call(url, { method: "POST", headers }, bytes, key);
}

export function getJson(url: URL, key?: string): Promise<Answer> {
  return call(url, { method: "GET", headers: {} }, undefined, key);
}

interface Head {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

function call(
  url: URL,
  { method, headers }: Head,
  bytes: Buffer | undefined,
  key: string | undefined,
): Promise<Answer> {
  const all = key === undefined ? headers : { ...headers, authorization: `Bearer ${key}` };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString("utf8")) });
      });
    });
    sent.on("error", reject);
    sent.end(bytes);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
