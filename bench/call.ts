/** Single requests around a load: making topics, and looking at what is there. */

export async function call(url: string, method: string, path: string, body?: string): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body, headers: { "Content-Type": "application/json" } };
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

export async function createTopic(
  url: string,
  topic: string,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  await call(url, "PUT", `/v0/topics/${topic}`, JSON.stringify(config));
}

export async function headOf(url: string, topic: string): Promise<number> {
  return ((await call(url, "GET", `/v0/topics/${topic}?touch=false`)) as { head_seq: number }).head_seq;
}
