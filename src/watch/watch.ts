/**
 * Following topics (spec 4): sessions and their streams, and WebSockets. The facade that the engine holds; what topics
 * report goes to `fanOut`.
 */
import { TopicsError } from "../base/errors.ts";
import { maxFollowedTopics } from "../base/limits.ts";
import type { Random, Timers } from "../env/env.ts";
import type { Topic } from "../topic/topic.ts";
import type { Cursors } from "./cursor.ts";
import { FanOut } from "./fan-out.ts";
import type { FrameFormat, Outbox } from "./frames.ts";
import type { Pressure } from "./pressure.ts";
import { notFound, type Place, placeOf, type Wanted } from "./places.ts";
import type { ReadOptions } from "./read-options.ts";
import { SessionStream } from "./session-stream.ts";
import { WatchSession } from "./session.ts";
import { WatchSocket } from "./socket.ts";

const widBytes = 18;

export interface WatchDeps {
  readonly clock: { nowMs(): number; monotonicMs(): number };
  readonly timers: Timers;
  readonly random: Random;
  readonly maxSessions: number;
  readonly pressure: Pressure;
  /** A live topic. */
  topic(id: number): Topic | undefined;
  named(name: string): Topic | undefined;
  matching(prefix: string): Iterable<Topic>;
  /** A bug was met where nobody can be told. */
  readonly crash: (error: unknown) => void;
}

export interface SessionRequest {
  readonly topics: readonly Wanted[];
  readonly prefixes: readonly string[];
  readonly options: ReadOptions;
  readonly heartbeatMs: number;
  /** Names that there are not are left out. */
  readonly lenient: boolean;
  readonly owner: number | undefined;
}

export interface OpenedSession {
  readonly wid: string;
  readonly topics: readonly Place[];
}

/** A stream or a socket, as its transport drives it. */
export interface StreamHandle {
  /** Begins to deliver. */
  start(): void;
  drained(): void;
  closed(): void;
  resumeId(): string | undefined;
}

export type SocketHandle = Pick<WatchSocket<unknown>, "subscribe" | "unsubscribe" | "drained" | "closed">;

export interface WatchCounts {
  readonly sessions: number;
  readonly streams: number;
  readonly sockets: number;
  /** Topics that are followed. */
  readonly topics: number;
  /** Ids of no use that clients came back with. */
  readonly ignoredIds: number;
}

export class Watch {
  readonly fanOut: FanOut;
  readonly #deps: WatchDeps;
  readonly #sessions = new Map<string, WatchSession>();
  #streams = 0;
  #sockets = 0;
  #ignoredIds = 0;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
    this.fanOut = new FanOut(deps);
  }

  get counts(): WatchCounts {
    const [streams, sockets, ignoredIds] = [this.#streams, this.#sockets, this.#ignoredIds];
    return { sessions: this.#sessions.size, streams, sockets, topics: this.fanOut.topics, ignoredIds };
  }

  open(request: SessionRequest): OpenedSession {
    const { options, heartbeatMs, prefixes, owner } = request;
    const places = this.#places(request);
    const named = new Set(places.map(({ name }) => name));
    const cursors: Cursors = new Map();
    for (const { name, fromSeq: seq, headSeq, topicId } of places) cursors.set(name, { seq, topicId, headSeq });
    for (const topic of this.#matching(prefixes, maxFollowedTopics - cursors.size)) {
      const headSeq = options.strong ? topic.syncedHead : topic.headSeq;
      if (!named.has(topic.name)) cursors.set(topic.name, { seq: headSeq, topicId: topic.id, headSeq });
    }
    this.#checkRoom();
    const wid = `wid_${Buffer.from(this.#deps.random.bytes(widBytes)).toString("base64url")}`;
    const terms = { wid, owner, options, heartbeatMs, prefixes };
    const reclaim = (): void => void this.#sessions.delete(wid);
    this.#sessions.set(wid, new WatchSession(terms, named, cursors, this.#deps.timers, reclaim));
    return { wid, topics: places };
  }

  /** Throws unless there is such a session and it is this owner's. */
  session(wid: string, owner: number | undefined): { readonly heartbeatMs: number; readonly named: Iterable<string> } {
    const session = this.#sessions.get(wid);
    if (session === undefined) throw new TopicsError("not_found", "There is no such watch session; make a new one.");
    if (session.terms.owner !== owner)
      throw new TopicsError("unauthorized", "A watch session belongs to the key that made it.");
    return { heartbeatMs: session.terms.heartbeatMs, named: session.named };
  }

  /** `undefined` when the session is gone by now. */
  stream<Bytes>(
    wid: string,
    lastEventId: string | undefined,
    format: FrameFormat<Bytes>,
    outbox: Outbox<Bytes>,
  ): StreamHandle | undefined {
    const session = this.#sessions.get(wid);
    if (session === undefined) return undefined;
    const start = session.begin(lastEventId);
    if (start.ignored) this.#ignoredIds++;
    const { timers, crash } = this.#deps;
    const stream = new SessionStream(session, start, format, outbox, {
      fanOut: this.fanOut,
      timers,
      crash,
      named: (name) => this.#deps.named(name),
      matching: (prefix) => this.#deps.matching(prefix),
    });
    this.#streams++;
    return counted(stream, () => this.#streams--);
  }

  socket<Bytes>(format: FrameFormat<Bytes>, outbox: Outbox<Bytes>): SocketHandle {
    const { timers, crash } = this.#deps;
    const named = (name: string): Topic | undefined => this.#deps.named(name);
    const socket = new WatchSocket(format, outbox, { fanOut: this.fanOut, timers, crash, named });
    this.#sockets++;
    let isOver = false;
    return {
      subscribe: (wanted, options, lenient) => socket.subscribe(wanted, options, lenient),
      unsubscribe: (name) => socket.unsubscribe(name),
      drained: () => socket.drained(),
      closed: () => {
        if (isOver) return;
        isOver = true;
        this.#sockets--;
        socket.closed();
      },
    };
  }

  /** Sessions end with the server. */
  stop(): void {
    for (const session of this.#sessions.values()) session.end();
    this.#sessions.clear();
  }

  #places({ topics, options, lenient }: SessionRequest): (Place & { readonly topicId: number })[] {
    const places: (Place & { readonly topicId: number })[] = [];
    for (const want of topics) {
      const topic = this.#deps.named(want.name);
      if (topic !== undefined) places.push({ ...placeOf(topic, want, options.strong), topicId: topic.id });
      else if (!lenient) throw notFound(want.name);
    }
    return places;
  }

  #matching(prefixes: readonly string[], room: number): Topic[] {
    const found = new Set<Topic>();
    for (const prefix of prefixes)
      for (const topic of this.#deps.matching(prefix)) {
        found.add(topic);
        if (found.size > room)
          throw new TopicsError("throttled", `A session follows at most ${maxFollowedTopics} topics.`, {
            limit: "followed_topics",
            max: maxFollowedTopics,
          });
      }
    return [...found];
  }

  #checkRoom(): void {
    const { maxSessions } = this.#deps;
    if (maxSessions === 0 || this.#sessions.size < maxSessions) return;
    throw new TopicsError("throttled", `There are ${maxSessions} watch sessions, the most that may be.`, {
      limit: "max_watch_sessions",
      max: maxSessions,
    });
  }
}

function counted<Bytes>(stream: SessionStream<Bytes>, left: () => void): StreamHandle {
  let isOver = false;
  return {
    start: () => stream.start(),
    drained: () => stream.drained(),
    resumeId: () => stream.resumeId(),
    closed: () => {
      if (isOver) return;
      isOver = true;
      left();
      stream.closed();
    },
  };
}
