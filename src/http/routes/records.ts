/** Append, diff and delete of records (spec 2.6, 2.7, 2.8): the handlers that both doors share. */
import { BatchCompaction } from "../../base/compact-batch.ts";
import type { AppendBody } from "../../base/json-slice.ts";
import { portableSlicer } from "../../base/json-slice.ts";
import { maxIdempotencyKeyBytes } from "../../base/limits.ts";
import { recycleBatch } from "../../base/slot-table.ts";
import { missingBody } from "../body-errors.ts";
import type { Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { Query } from "../query.ts";
import { appendReply, deleteRecordsReply, diffReply } from "../replies/records.ts";
import { deleteFromBody, deleteShape } from "../shapes/delete-records.ts";
import { diffFromBody, diffFromQuery, diffShape } from "../shapes/diff.ts";
import { keyFromHeader } from "../shapes/idempotency-key.ts";
import { demandConfigNames, statedConfig, topicConfigShape } from "../shapes/topic-config.ts";
import { inSlices } from "../slices.ts";

export function appendRecords(deps: HttpDeps): Handler {
  const { engine, clock, timers } = deps;
  const limits = { ...deps.config.limits, maxKeyBytes: maxIdempotencyKeyBytes };
  return async (call) => {
    const returnSeqs = call.query === "" || new Query(call.query, ["return_seqs"]).flag("return_seqs", true);
    const bytes = await call.body();
    if (bytes.length === 0) throw missingBody();
    const slicing = portableSlicer.begin(bytes, limits);
    const scanned = inSlices(slicing, timers);
    if (scanned !== undefined) await scanned;
    const body = slicing.result();
    try {
      const compacted = inSlices(new BatchCompaction(body.batch), timers);
      if (compacted !== undefined) await compacted;
      const { batch, create, disableBackpressure } = body;
      const idempotencyKey = body.idempotencyKey ?? keyFromHeader(call.headers);
      const config = configFrom(body, call.topic);
      if (config !== undefined) demandConfigNames(call.grant, config, "config.dead_letter");
      const mayConfigure = call.grant.may("admin");
      const result = await call.inOrder((staged) =>
        engine.append(call.topic, { batch, idempotencyKey, create, config, mayConfigure, disableBackpressure, staged }),
      );
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

export function diffRecords(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    const request = diffFromBody(await readControl(call, diffShape.fields, "empty object", deps), call, config);
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
  const { engine, clock } = deps;
  return async (call) => {
    const request = deleteFromBody(await readControl(call, deleteShape.fields, "refused", deps));
    const result = await call.inOrder(() => engine.deleteRecords(call.topic, request));
    return deleteRecordsReply(result, call, clock);
  };
}
