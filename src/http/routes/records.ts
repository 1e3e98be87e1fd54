/** Append, diff and delete of records (spec 2.6, 2.7, 2.8): the handlers that both doors share. */
import type { AppendBody } from "../../base/json-slice.ts";
import { portableSlicer } from "../../base/json-slice.ts";
import { parseControl } from "../../base/control-json.ts";
import { maxIdempotencyKeyBytes } from "../../base/limits.ts";
import { recycleBatch } from "../../base/slot-table.ts";
import { missingBody, orEmptyObject } from "../body.ts";
import type { Call, Handler } from "../call.ts";
import { controlBodyBytes } from "../config.ts";
import type { HttpDeps } from "../deps.ts";
import { Query } from "../query.ts";
import { appendReply, deleteRecordsReply, diffReply } from "../replies/records.ts";
import { deleteFromBody } from "../shapes/delete-records.ts";
import { diffFromBody, diffFromQuery } from "../shapes/diff.ts";
import { keyFromHeader } from "../shapes/idempotency-key.ts";
import { statedConfig, topicConfigShape } from "../shapes/topic-config.ts";

/** Bytes scanned before the event loop gets a turn: a few milliseconds even for the slowest input. */
const scanBudgetBytes = 1024 * 1024;

export function appendRecords(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  const limits = { ...config.limits, maxKeyBytes: maxIdempotencyKeyBytes };
  const scan = async (bytes: Uint8Array): Promise<AppendBody> => {
    const slicing = portableSlicer.begin(bytes, limits);
    while (!slicing.step(scanBudgetBytes)) await nextTurn(deps);
    return slicing.result();
  };
  return async (call) => {
    const returnSeqs = call.query === "" || new Query(call.query, ["return_seqs"]).flag("return_seqs", true);
    const bytes = await call.body(limits.maxBodyBytes);
    if (bytes.length === 0) throw missingBody();
    const body = await scan(bytes);
    try {
      const request = {
        batch: body.batch,
        idempotencyKey: body.idempotencyKey ?? keyFromHeader(call.headers),
        create: body.create,
        config: configFrom(body, call.topic),
        disableBackpressure: body.disableBackpressure,
      };
      const result = await call.inOrder((staged) => engine.append(call.topic, { ...request, staged }));
      return appendReply(result, returnSeqs, call, clock);
    } finally {
      recycleBatch(body.batch);
    }
  };
}

function configFrom(body: AppendBody, topic: string): ReturnType<typeof statedConfig> | undefined {
  if (body.config === undefined) return undefined;
  return statedConfig(topicConfigShape.parse(body.config, "config"), topic, "config");
}

function nextTurn({ timers }: HttpDeps): Promise<void> {
  return new Promise((resolve) => timers.soon(resolve));
}

export function diffRecords(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  const maxBytes = controlBodyBytes(config);
  return async (call) => {
    const body = orEmptyObject(await call.body(maxBytes));
    const value = parseControl(body, { maxDepth: config.limits.maxDepth });
    const request = diffFromBody(value, call, config);
    return diffReply(await call.afterChanges(() => engine.read(call.topic, request)), call, clock);
  };
}

/** The same read for a browser or plain curl. */
export function diffByQuery(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = diffFromQuery(call, config);
    return diffReply(await call.afterChanges(() => engine.read(call.topic, request)), call, clock);
  };
}

export function deleteRecords(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  const maxBytes = controlBodyBytes(config);
  return async (call: Call) => {
    const body = await call.body(maxBytes);
    if (body.length === 0) throw missingBody();
    const request = deleteFromBody(parseControl(body, { maxDepth: config.limits.maxDepth }));
    const result = await call.inOrder(() => engine.deleteRecords(call.topic, request));
    return deleteRecordsReply(result, call, clock);
  };
}
