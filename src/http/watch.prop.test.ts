/**
 * Cutting a watch stream after any byte and going on from the last complete id loses nothing and repeats nothing
 * (spec 4.2, 9.4 5), whatever is appended meanwhile.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { StreamEvent } from "./testing/live-server.ts";
import { LiveServer } from "./testing/live-server.ts";

interface Cut {
  readonly text: string;
  /** The stream was read to where it had caught up. */
  readonly isWhole: boolean;
}

const idOf = (cursors: Readonly<Record<string, number>>): string =>
  Buffer.from(JSON.stringify(cursors)).toString("base64url");

describe("a watch stream that is cut", () => {
  let live: LiveServer;
  let run = 0;
  before(async () => {
    live = await LiveServer.start({ storage: { segmentMaxRecords: 20, cacheBytes: 0 } });
  });
  after(async () => {
    await live.stop();
    assert.deepEqual(live.failures, []);
  });

  /** Reads so many bytes, or until every topic has caught up to its head. */
  async function readUpTo(
    wid: string,
    id: string | undefined,
    bytes: number,
    heads: ReadonlyMap<string, number>,
  ): Promise<Cut> {
    const reader = await live.stream(wid, id === undefined ? {} : { "last-event-id": id });
    const missing = new Map(heads);
    for (;;) {
      if (reader.text.length >= bytes) break;
      const event = await reader.next();
      if (event === undefined) break;
      const head = missing.get(event.data["topic"] as string);
      if (event.event === "caught-up" && head !== undefined && (event.data["head_seq"] as number) >= head)
        missing.delete(event.data["topic"] as string);
      if (missing.size === 0) break;
    }
    reader.close();
    return { text: reader.text.slice(0, bytes), isWhole: missing.size === 0 && reader.text.length <= bytes };
  }

  function whole(text: string): { readonly events: StreamEvent[]; readonly id: string | undefined } {
    const events: StreamEvent[] = [];
    let id: string | undefined;
    for (const block of text.split("\n\n").slice(0, -1)) {
      const lines = block.split("\n");
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      id = field("id") ?? id;
      const data = field("data");
      if (data !== undefined)
        events.push({ id: field("id"), event: field("event") ?? "", data: JSON.parse(data) as StreamEvent["data"] });
    }
    return { events, id };
  }

  it("goes on where it was", async function () {
    this.timeout(120_000);
    const scenario = fc.record({
      topics: fc.integer({ min: 1, max: 3 }),
      manyMore: fc.boolean(),
      limit: fc.integer({ min: 1, max: 7 }),
      steps: fc.array(fc.record({ cut: fc.integer({ min: 0, max: 4000 }), appends: fc.integer({ min: 0, max: 9 }) }), {
        minLength: 1,
        maxLength: 8,
      }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ topics, manyMore, limit, steps }) => {
        const prefix = `r${run++}.`;
        const names = Array.from({ length: topics + (manyMore ? 70 : 0) }, (_, i) => `${prefix}${i}`);
        const heads = new Map(names.map((name) => [name, 0]));
        const append = async (name: string, count: number): Promise<void> => {
          if (count === 0) return;
          await live.append(name, ...Array.from({ length: count }, (_, i) => `${heads.get(name)! + i}\u2028`));
          heads.set(name, heads.get(name)! + count);
        };
        for (const name of names) await append(name, 1);
        const wid = await live.session({ topics: Object.fromEntries(names.map((name) => [name, {}])), limit });
        const seen = new Map<string, number[]>(names.map((name) => [name, []]));
        let id: string | undefined = idOf(Object.fromEntries(names.map((name) => [name, 0])));
        for (const { cut, appends } of [...steps, { cut: Infinity, appends: 1 }]) {
          for (let i = 0; i < topics; i++) await append(names[i], appends * 3);
          const { text } = await readUpTo(wid, id, cut, heads);
          const { events, id: last } = whole(text);
          id = last ?? id;
          for (const { event, data } of events) {
            if (event !== "record") continue;
            for (const { $seq } of data["records"] as { $seq: number }[]) seen.get(data["topic"] as string)!.push($seq);
          }
        }
        for (const name of names)
          assert.deepEqual(
            seen.get(name),
            Array.from({ length: heads.get(name)! }, (_, i) => i + 1),
            name,
          );
      }),
      { numRuns: 12 },
    );
  });
});
