/** The ways of the liar. Each spoils one kind of thing and leaves the rest, so that what a case needs first still works. */
import type { Lie, Said } from "./liar.ts";

/** Members of JSON text by their name, their value replaced as text; strings and numbers only. */
function member(names: string, change: (value: string) => string): (text: string) => string {
  const pattern = new RegExp(`("(?:${names})":)("(?:[^"\\\\]|\\\\.)*"|-?[\\d.]+|true|false|null)`, "g");
  return (text) => text.replace(pattern, (_, name: string, value: string) => name + change(value));
}

function inBodies(change: (text: string) => string): Pick<Lie, "answer" | "event"> {
  return {
    answer: (said) => {
      said.body = change(said.body);
    },
    event: change,
  };
}

const oneMore = (value: string): string => (/^\d+$/.test(value) ? String(BigInt(value) + 1n) : value);
const other = (value: string): string => {
  if (value === "true") return "false";
  if (value === "false") return "true";
  if (value === "null") return '"x"';
  return value.startsWith('"') ? '"x"' : String(Number(value) + 1);
};
const refused = ({ status }: Said): boolean => status >= 400 && status < 500;
const config =
  "ttl_ms|cap_records|cap_bytes|discard|durability|durable|priority|auto_priority|auto_create|idempotency_window_ms|dedupe_node|lease_ms|claim_jitter_ms|max_deliveries|dead_letter|leases_durable|type";

export const lies: Readonly<Record<string, Lie>> = {
  "codes-differ": {
    what: "errors have another code",
    answer: (said) => void (said.body = member("code", other)(said.body)),
  },
  "refusals-pass": {
    what: "what is refused is answered with 200",
    answer: (said) => {
      if (refused(said)) said.status = 200;
    },
  },
  "details-missing": {
    what: "errors have no detail",
    answer: (said) => {
      if (refused(said)) said.body = said.body.replace(/,"detail":\{.*\}\}\}$/s, "}}");
    },
  },
  "performance-missing": {
    what: "no answer says how long it took",
    answer: (said) => void (said.body = said.body.replace(/,?"performance":\{[^}]*\}/, "")),
  },
  "timings-alike": {
    what: "every answer has the timings of a write that was synced",
    answer: (said) =>
      void (said.body = said.body.replace('"performance":{', '"performance":{"wal_append_ms":1,"fsync_ms":1,')),
  },
  "tombstones-silent": {
    what: "no loss is announced",
    answer: (said) => void (said.body = said.body.replace(/"tombstone":\{[^}]*\}/, '"tombstone":null')),
    event: (text) => (/^event: tombstone|"op":"tombstone"/m.test(text) ? ": nothing\n\n" : text),
  },
  "gaps-longer": { what: "gaps end one later", ...inBodies(member("gap_to|missed_estimate", oneMore)) },
  "reasons-differ": { what: "losses have another reason", ...inBodies(member("reason", other)) },
  "configuration-differs": { what: "no field of a configuration is what it was", ...inBodies(member(config, other)) },
  "counts-off": {
    what: "counts are off by one",
    ...inBodies(
      member(
        "count|bytes|deleted|acked|nacked|extended|ready|in_flight|dead_lettered|deliveries|redriven|left|forwarded_total|lag",
        oneMore,
      ),
    ),
  },
  "flags-turned": { what: "what is true is false", ...inBodies(member("created|deduped|caught_up|deleted", other)) },
  "seqs-shifted": {
    what: "seqs are one more than they are",
    ...inBodies(
      member("\\$seq|head_seq|earliest_seq|next_seq|first_seq|last_seq|next_from_seq|from_seq|to_seq", oneMore),
    ),
  },
  "data-differs": {
    what: "data is not what was written",
    ...inBodies((text) =>
      text.replace(/"data":(?=[^,}\s])/g, '"data":0,"data":[1,').replace(/("data":\[1,)/g, '"x":[1],"was":'),
    ),
  },
  "labels-differ": {
    what: "tags, nodes and meta are not what was written",
    ...inBodies((text) => text.replace(/"(\$tag|\$node|meta)":/g, '"x-$1":')),
  },
  "records-missing": {
    what: "the last record of a batch is left out",
    ...inBodies((text) =>
      text.replace(/,?\{"\$seq":[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\](,"(?:next_from|from)_seq")/, "]$1"),
    ),
  },
  "names-differ": {
    what: "names in answers are others",
    ...inBodies(member("topic|router|source|dest|wid|stream_url|op|name|status|version|lease_id", other)),
  },
  "times-back": {
    what: "times go back",
    ...inBodies(
      member("\\$ts|last_write_ts|last_read_ts|deadline|uptime_ms|effective_priority", (value) =>
        value === "null" ? "1" : "-1",
      ),
    ),
  },
  "headers-missing": {
    what: "no header of ours is there",
    answer: (said) => {
      for (const name of [
        "allow",
        "retry-after",
        "content-type",
        "cache-control",
        "x-accel-buffering",
        "content-encoding",
      ])
        delete said.headers[name];
    },
  },
  "statuses-alike": {
    what: "every success is 202",
    answer: (said) => {
      if (said.status < 300) said.status = 202;
    },
  },
  "nothing-happens": {
    what: "deletes, acks and reads are answered, and do nothing",
    swallows: (method, path) => method === "POST" && /\/(delete|ack|nack|extend|diff)$/.test(path),
  },
  "all-refused": {
    what: "everything but creating is refused",
    answer: (said) => {
      if (said.status < 300 && !(said.method === "PUT" || said.method === "DELETE")) {
        said.status = 400;
        said.body = '{"error":{"code":"invalid_request","message":"no"}}';
      }
    },
  },
  "streams-mute": { what: "streams say nothing", event: () => ": nothing\n\n" },
  "keys-ignored": {
    what: "whoever has no key is let in",
    answer: (said) => {
      if (said.status === 401) said.status = 200;
    },
  },
};
