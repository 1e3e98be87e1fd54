/** A topic of a round's own, gone when the round is over. */
import { randomBytes } from "node:crypto";
import { call } from "./call.ts";

export async function withTopic<T>(url: string, work: (topic: string) => Promise<T>): Promise<T> {
  const topic = `bench-${randomBytes(6).toString("hex")}`;
  try {
    return await work(topic);
  } finally {
    await call(url, "DELETE", `/v0/topics/${topic}`);
  }
}
