/**
 * A run against a server of its own: clients play side by side, and between rounds, when all of them have gone, it is seen
 * what has grown. The same seed plays the same plays; how they meet depends on the machine.
 */
import { Prng } from "../../sim/prng.ts";
import { type Catalogue, catalogueOf } from "./catalogue.ts";
import { perform } from "./client.ts";
import { Plays } from "./plays.ts";
import { keys, Requests } from "./requests.ts";
import { FuzzedServer } from "./server.ts";
import type { Watched } from "./watch.ts";

export interface FuzzOptions {
  readonly directory: string;
  readonly seed: string;
  readonly clients: number;
  /** Asked before each play. */
  readonly goOn: (plays: number) => boolean;
  /** Plays of each client in a round. */
  readonly round: number;
  readonly largeBytes?: number;
  readonly said?: (line: string) => void;
}

export interface FuzzReport {
  readonly plays: number;
  readonly answers: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byPlay: Readonly<Record<string, number>>;
  readonly endpoints: number;
  /** The most that the event loop was held, of its thread's own time; by the clock, and waiting for a processor. */
  readonly heldMs: number;
  readonly heldWallMs: number;
  readonly heldWaitedMs: number;
  /** After the first round and after the last, with nobody connected. */
  readonly first: Watched;
  readonly last: Watched;
  readonly exit: string;
  readonly problems: readonly string[];
}

/** What may be more at the end: pools that fill once, code that was compiled meanwhile. */
const heapGrowthBytes = 48 << 20;
const resourceGrowth = 4;
/** Each watch session has one until it expires, and there may be a hundred of those. */
const timerGrowth = 110;
const maxHeldMs = 50;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const server = await FuzzedServer.start(options.directory);
  try {
    return await against(server, options);
  } finally {
    server.kill();
  }
}

async function against(server: FuzzedServer, options: FuzzOptions): Promise<FuzzReport> {
  const catalogue = await described(server.port);
  // What the start cost is none of the clients' doing.
  const atStart = await server.watched();
  const tally = new Tally();
  const players = Array.from({ length: options.clients }, (_, number) => {
    const random = new Prng(options.seed).fork(`client ${number}`);
    return new Plays(random, new Requests(random, catalogue), options.largeBytes);
  });
  let worst = { heldMs: 0, heldWallMs: 0, heldWaitedMs: 0 };
  let first: Watched | undefined;
  let last = atStart;
  while (options.goOn(tally.plays) && server.trouble.length === 0 && tally.problems.length < 20) {
    await Promise.all(players.map((plays) => playRound(plays, server.port, options, tally)));
    const costs = await costsOf(server);
    if (costs === undefined) break;
    last = costs.at(-1)!;
    const held = costs.reduce((most, seen) => (seen.heldMs > most.heldMs ? seen : most));
    const { heldMs, heldWallMs, heldWaitedMs } = held;
    if (heldMs > worst.heldMs) worst = { heldMs, heldWallMs, heldWaitedMs };
    if (heldMs > maxHeldMs)
      tally.problems.push(
        `the event loop was held for ${heldMs} ms of its own time (${heldWallMs} ms by the clock, ${heldWaitedMs} ms of ` +
          `them waiting for a processor), in a round with ${tally.large.join(", ") || "no large body"}`,
      );
    tally.large.length = 0;
    // The first round fills pools and compiles code.
    first ??= last;
    options.said?.(
      `${tally.plays} plays, held ${heldMs} ms, heap ${last.heapBytes >> 20} MiB, ${last.resources} handles, ${last.timers} timers`,
    );
  }
  // A session of HTTP/2 that was never one is given up after 15 s.
  first ??= last;
  for (let looks = 0; looks < 100 && !server.isGone && last.resources - first.resources > resourceGrowth; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    last = await server.watched();
  }
  const exit = server.trouble.length === 0 ? await server.stop() : "early";
  const problems = [...tally.problems, ...server.trouble];
  if (exit !== "0") problems.push(`the server ended with ${exit}`);
  if (last.heapBytes - first.heapBytes > heapGrowthBytes) problems.push("memory has grown");
  if (last.resources - first.resources > resourceGrowth) problems.push("handles have grown");
  if (last.timers - first.timers > timerGrowth) problems.push("timers have grown");
  const { plays, answers, byStatus, byPlay } = tally;
  const endpoints = catalogue.endpoints.length;
  return { plays, answers, byStatus, byPlay, endpoints, ...worst, first, last, exit, problems };
}

/** What is left when everybody has gone and what they made is deleted; `undefined` when the server has gone. */
async function costsOf(server: FuzzedServer): Promise<readonly Watched[] | undefined> {
  try {
    await emptied(server.port);
    return await settled(server);
  } catch (error) {
    // Its end is told a moment later.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (!server.isGone) throw error;
    return undefined;
  }
}

/** Looks until nothing becomes less any more: what clients left behind takes a moment to be found out and freed. */
async function settled(server: FuzzedServer): Promise<readonly Watched[]> {
  const costs = [await server.watched()];
  for (let looks = 0; looks < 40; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const seen = await server.watched();
    const before = costs.at(-1)!;
    costs.push(seen);
    if (looks >= 5 && seen.heapBytes > before.heapBytes - (256 << 10) && seen.resources >= before.resources) break;
  }
  return costs;
}

async function playRound(plays: Plays, port: number, options: FuzzOptions, tally: Tally): Promise<void> {
  for (let done = 0; done < options.round && options.goOn(tally.plays); done++) {
    const play = plays.next();
    const outcome = await perform(port, play);
    if (outcome === "refused") {
      tally.problems.push(`${play.name}: nobody takes the connection`);
      return;
    }
    tally.count(play.name, outcome.statuses);
    if (play.name === "large") tally.large.push(largeOf(play.pieces, outcome.statuses));
    if (outcome.wrong !== undefined) {
      const sent = Buffer.concat(play.pieces.map((piece) => piece.subarray(0, 400))).subarray(0, 600);
      tally.problems.push(`${play.name}: ${outcome.wrong}\n  after ${JSON.stringify(sent.toString("latin1"))}`);
    }
  }
}

/** What plays have made goes, so that what grows all the same is seen. */
async function emptied(port: number): Promise<void> {
  const headers = { authorization: `Bearer ${keys.all}`, connection: "close" };
  for (const [collection, field, name] of [
    ["routers", "routers", "router"],
    ["topics", "topics", "topic"],
  ]) {
    const answer = await fetch(`http://127.0.0.1:${port}/v0/${collection}?page_size=1000`, { headers });
    const listed = ((await answer.json()) as Record<string, Record<string, string>[] | undefined>)[field] ?? [];
    for (const one of listed) {
      const path = `/v0/${collection}/${encodeURIComponent(one[name])}`;
      await (await fetch(`http://127.0.0.1:${port}${path}`, { method: "DELETE", headers })).arrayBuffer();
    }
  }
}

function largeOf(pieces: readonly Buffer[], statuses: readonly number[]): string {
  const body = pieces.at(-1)!;
  return `${JSON.stringify(body.toString("latin1", 0, 32))}… of ${body.length >> 20} MiB (${statuses.join(" ")})`;
}

async function described(port: number): Promise<Catalogue> {
  const headers = { authorization: `Bearer ${keys.all}`, connection: "close" };
  const answer = await fetch(`http://127.0.0.1:${port}/v0/openapi.json`, { headers });
  return catalogueOf((await answer.json()) as Record<string, unknown>);
}

class Tally {
  plays = 0;
  answers = 0;
  readonly byStatus: Record<string, number> = {};
  readonly byPlay: Record<string, number> = {};
  readonly problems: string[] = [];
  /** Of this round. */
  readonly large: string[] = [];

  count(play: string, statuses: readonly number[]): void {
    this.plays++;
    this.byPlay[play] = (this.byPlay[play] ?? 0) + 1;
    for (const status of statuses) {
      this.answers++;
      this.byStatus[status] = (this.byStatus[status] ?? 0) + 1;
    }
  }
}
