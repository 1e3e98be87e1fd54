/**
 * Whom a request believes it speaks to (spec 7.2). Without keys a loopback server answers only to names that mean this
 * machine, and to those it is told of: a web page whose own name is made to resolve to 127.0.0.1 sends that name.
 */
import { TopicsError } from "../base/errors.ts";
import type { HttpConfig } from "./config.ts";
import { printable } from "./errors.ts";

/** A name or address that cannot lead to another machine; an IPv6 address with or without its brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

/** Hosts remembered as good: there are few, and telling one takes longer than looking it up. */
const maxRemembered = 64;

export class HostCheck {
  readonly #guarded: boolean;
  readonly #allowed: ReadonlySet<string>;
  readonly #good = new Set<string>();

  constructor({ host, allowedHosts, keys }: Pick<HttpConfig, "host" | "allowedHosts" | "keys">) {
    this.#guarded = keys.size === 0 && isLoopback(host);
    this.#allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  }

  /** Throws when `host`, as the header has it, is somebody else. */
  pass(host: string): void {
    if (!this.#guarded || this.#good.has(host)) return;
    const name = host.replace(/:\d*$/, "").toLowerCase();
    if (!isLoopback(name) && !this.#allowed.has(name)) throw foreign(host);
    if (this.#good.size < maxRemembered) this.#good.add(host);
  }
}

function foreign(host: string): TopicsError {
  return new TopicsError(
    "forbidden",
    `This server answers only to loopback names; to reach it as ${printable(host)}, name that in TOPICS_ALLOWED_HOSTS.`,
  );
}
