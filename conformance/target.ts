/** The server under probe: its address and the key to send. Plain HTTP only (spec 7.6). */

export interface Target {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Sent as `Authorization: Bearer`; absent when the server runs without auth. */
  readonly token: string | undefined;
  /** HTTP/2 with prior knowledge instead of HTTP/1.1, wherever a case does not need a certain one of them. */
  readonly isHttp2: boolean;
}

/** Throws a `TypeError` that says what is wrong with the URL. */
export function parseTarget(url: string, token?: string, isHttp2 = false): Target {
  if (!URL.canParse(url)) throw new TypeError(`not a URL: ${url}`);
  const parsed = new URL(url);
  if (parsed.protocol !== "http:") throw new TypeError(`only http:// URLs can be probed, not ${parsed.protocol}//`);
  if (parsed.pathname !== "/" || parsed.search !== "") {
    throw new TypeError(`the URL names a server, without path or query: http://${parsed.host}`);
  }
  return {
    url: parsed.origin,
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: parsed.port === "" ? 80 : Number(parsed.port),
    token,
    isHttp2,
  };
}
