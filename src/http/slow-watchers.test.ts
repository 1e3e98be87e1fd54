/** One watcher that does not read holds up nobody and costs a bounded amount (spec 4.3). */
import assert from "node:assert/strict";
import { requestBytes } from "./testing/harness.ts";
import { LiveServer, type EventReader } from "./testing/live-server.ts";
import { RawClient } from "./testing/raw-client.ts";

describe("a watcher that does not read", () => {
  let live: LiveServer;
  before(async () => {
    live = await LiveServer.start({ http: { streamBufferBytes: 65_536 } });
  });
  after(async () => {
    await live.stop();
    assert.deepEqual(live.failures, []);
  });

  it("delays nobody, loses nothing, and gets larger frames later", async () => {
    await live.append("a", 0);
    const body = { topics: { a: { tail: true } } };
    const stalled = await RawClient.open(live.server.port);
    stalled.send(requestBytes("GET", `/v0/watch/${await live.session(body)}`));
    await stalled.seen("caught-up");
    stalled.pause();
    const readers: EventReader[] = [];
    for (let i = 0; i < 3; i++) readers.push(await live.stream(await live.session(body)));
    for (const reader of readers) await reader.caughtUp();
    const payload = "x".repeat(10_000);
    const total = 900;
    for (let sent = 0; sent < total; sent += 50) {
      await live.append("a", ...Array.from({ length: 50 }, () => payload));
      for (const reader of readers)
        await reader.until(({ event, data }) => event === "record" && data["to_seq"] === sent + 51);
    }
    stalled.resume();
    const text = await stalled.seen(`"to_seq":${total + 1},`);
    const seqs = [...text.matchAll(/"\$seq":(\d+)/g)].map(([, seq]) => Number(seq));
    assert.deepEqual(
      seqs,
      Array.from({ length: total }, (_, i) => i + 2),
    );
    stalled.destroy();
  });
});

describe("what waits for watchers that do not read", () => {
  it("counts as buffered until it is taken or its connection goes, and others are refused meanwhile", async () => {
    const live = await LiveServer.start({ http: { streamBufferBytes: 65_536, maxBufferedBytes: 65_536 } });
    await live.append("a", 0);
    const payload = "x".repeat(500_000);
    const refusal = async (): Promise<unknown> => {
      const { status, json } = await live.call("POST", "/v0/topics/a", { records: [{ data: payload }] });
      return status === 429 ? (json["error"] as { detail: { limit: string } }).detail.limit : status;
    };
    for (const end of ["resume", "destroy"] as const) {
      const stalled = await RawClient.open(live.server.port);
      stalled.send(requestBytes("GET", `/v0/watch/${await live.session({ topics: { a: { tail: true } } })}`));
      await stalled.seen("caught-up");
      stalled.pause();
      let outcome = await refusal();
      while (outcome === 200) outcome = await refusal();
      assert.equal(outcome, "max_buffered_bytes");
      stalled[end]();
      while ((await refusal()) !== 200);
      stalled.destroy();
    }
    await live.stop();
    assert.deepEqual(live.failures, []);
  });
});
