/**
 * What the scripts share: where the server is, names that no other run has, requests with their checks.
 *
 * Environment: TOPICS_URL (http://127.0.0.1:4000), TOPICS_TOKEN, and per script the load; see each script's head.
 */
import http from "k6/http";
import { check, fail } from "k6";
import { Counter } from "k6/metrics";

export const url = __ENV.TOPICS_URL || "http://127.0.0.1:4000";
const token = __ENV.TOPICS_TOKEN;

/** Records that were acked, or read: k6 counts requests, and a request is many records. */
export const recordsWritten = new Counter("topics_records_written");
export const recordsRead = new Counter("topics_records_read");

/** @type {Record<string, string>} */
const headers = { "content-type": "application/json" };
if (token) headers.authorization = `Bearer ${token}`;

/** @param {string} name @param {number} standard */
export function amount(name, standard) {
  const text = __ENV[name];
  if (!text) return standard;
  const value = Number(text);
  if (!(value > 0)) fail(`${name} must be a number above 0, not ${text}`);
  return value;
}

/** @param {string} verb names the request in k6's figures: a topic of its own would make a series of its own */
function tagged(verb) {
  return { headers, tags: { name: verb } };
}

/** @param {string} name @param {object} config */
export function createTopic(name, config) {
  const answer = http.put(`${url}/v0/topics/${name}`, JSON.stringify(config), tagged("put"));
  if (answer.status !== 200 && answer.status !== 201) fail(`PUT ${name}: ${answer.status} ${answer.body}`);
}

/** @param {string} name */
export function deleteTopic(name) {
  const answer = http.del(`${url}/v0/topics/${name}`, null, tagged("delete"));
  check(answer, { "topic deleted": ({ status }) => status === 200 });
}

/**
 * Bodies that differ: the same one again and again flatters caches and branch predictors.
 * @param {number} records @param {number} bytes of data in each
 */
export function bodies(records, bytes) {
  return Array.from({ length: 16 }, (_, body) => {
    const one = Array.from({ length: records }, (_, at) => {
      const text = `${body}.${at}.`.padEnd(bytes - 2, "abcdefghijklmnopqrstuvwxyz"[(body + at) % 26]);
      return { data: text, tag: `t:${at % 10}` };
    });
    return JSON.stringify({ records: one });
  });
}

/** @param {string} name @param {string} body @param {number} records */
export function append(name, body, records) {
  const answer = http.post(`${url}/v0/topics/${name}`, body, tagged("append"));
  if (check(answer, { "append acked": ({ status }) => status === 200 || status === 201 })) recordsWritten.add(records);
  return answer;
}

/**
 * Reads on from a cursor; the answer's own cursor comes back.
 * @param {string} name @param {number} fromSeq @param {number} limit @param {number} [waitMs]
 * @returns {{ next: number, caughtUp: boolean }}
 */
export function read(name, fromSeq, limit, waitMs = 0) {
  const body = JSON.stringify({ from_seq: fromSeq, limit, wait_ms: waitMs });
  const answer = http.post(`${url}/v0/topics/${name}/diff`, body, tagged("diff"));
  const isGood = check(answer, { "diff answered": ({ status }) => status === 200 });
  if (!isGood || typeof answer.body !== "string") return { next: fromSeq, caughtUp: true };
  // Reading the records themselves would measure k6.
  const end = answer.body.slice(-600);
  const next = Number(/"next_from_seq":(\d+)/.exec(end)?.[1] ?? fromSeq);
  recordsRead.add(next - fromSeq);
  return { next, caughtUp: /"caught_up":true/.test(end) };
}

/** @param {string} label */
export function freshName(label) {
  return `k6-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e9).toString(36)}-${label}`;
}

export const noErrors = { checks: ["rate==1"], http_req_failed: ["rate==0"] };
