/** Says what makes no sense, many things at once, and a byte at a time: it is refused, and nothing changes (spec 9.3, 9.4/10). */
import { requestBytes } from "../http/connection.ts";
import { isRefused } from "../oracle/invariants/94-10-refusals.ts";
import type { Actor } from "../run/actor.ts";
import { drawTopic } from "./topics.ts";

interface Doing {
  readonly topic: string;
  readonly requests: readonly (readonly [method: string, target: string, body: string | null, status: number])[];
  readonly byteByByte: boolean;
}

const nonsense = (topic: string): Doing["requests"] => [
  ["POST", `/v0/topics/${topic}`, "{", 400],
  ["POST", `/v0/topics/${topic}`, '{"records":[]}', 400],
  ["POST", `/v0/topics/${topic}`, '{"records":[{"tag":"x"}]}', 400],
  ["POST", `/v0/topics/${topic}`, '{"records":[{"data":1,"meta":7}]}', 400],
  ["PUT", `/v0/topics/${topic}`, '{"ttl_ms":-1}', 400],
  ["PUT", `/v0/topics/${topic}`, '{"durability":"for ever"}', 400],
  ["POST", `/v0/topics/${topic}/delete`, "{}", 400],
  ["POST", `/v0/topics/${topic}/diff`, '{"from_seq":1.5}', 400],
  ["GET", `/v0/topics/${topic}/diff?from_seq=x`, null, 400],
  ["GET", "/v0/topics/never-made", null, 404],
  ["POST", "/v0/topics/never-made/delete", '{"before_seq":5}', 404],
  ["GET", "/v0/nowhere", null, 404],
  ["PUT", "/v0/topics", "{}", 405],
  ["PUT", "/v0/topics/%2e%2e", "{}", 400],
  ["POST", "/v0/backup", '{"name":"../../x"}', 400],
  ["GET", "/v0/health", null, 200],
];

export const actor: Actor = {
  name: "stranger",
  weight: 0,
  plan: (prng) => {
    const topic = drawTopic(prng);
    const all = nonsense(topic);
    const requests = Array.from({ length: prng.between(1, 6) }, () => prng.pick(all));
    return { topic, requests, byteByByte: prng.chance(30) };
  },
  act: async (stage, given) => {
    const { requests, byteByByte } = given as unknown as Doing;
    const { http } = stage;
    if (http === undefined) return;
    const connection = http.connect();
    const bytes = Buffer.concat(
      requests.map(([method, target, body]) => requestBytes(method, target, body ?? undefined)),
    );
    if (byteByByte) for (const byte of bytes) connection.sendWhole(Uint8Array.of(byte));
    else connection.sendWhole(bytes);
    stage.say(byteByByte ? "a request byte by byte" : "many requests in one packet");
    for (const [method, target, , status] of requests) {
      const response = await connection.response();
      stage.note(`stranger ${method} ${target} ${response.status}`);
      isRefused(`${method} ${target}`, status, response);
      stage.say("a request refused");
    }
    connection.finish();
  },
};
