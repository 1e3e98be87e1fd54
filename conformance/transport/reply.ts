/** What came back for one request. The body is kept as it came, so that cases can compare bytes. */

export interface Reply {
  /** Method and path, for messages. */
  readonly request: string;
  readonly status: number;
  /** Names in lower case; several of one name joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** `bytes` as UTF-8. */
  readonly text: string;
  /** Parsed `text`, `undefined` when it is no JSON. */
  readonly json: unknown;
}

export function makeReply(
  request: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  bytes: Buffer,
): Reply {
  const text = bytes.toString("utf8");
  return { request, status, headers, bytes, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
