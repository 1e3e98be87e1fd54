/** Probes (spec 7.4): they answer while the engine recovers and while it stops, and say so. */
import { TopicsError } from "../../base/errors.ts";
import type { Engine } from "../../engine/api.ts";
import type { Handler } from "../call.ts";
import type { HttpDeps } from "../deps.ts";
import type { Reply } from "../reply.ts";
import { textReply, utf8Reply } from "../reply.ts";

export function health({ clock, config }: HttpDeps): Handler {
  const startedMs = clock.monotonicMs();
  const version = JSON.stringify(config.version);
  return () => {
    const uptimeMs = Math.floor(clock.monotonicMs() - startedMs);
    return utf8Reply(200, `{"status":"ok","version":${version},"uptime_ms":${uptimeMs}}`);
  };
}

export function ready({ engine }: HttpDeps): Handler {
  return () => readyReply(engine);
}

function readyReply(engine: Engine): Reply {
  const status = engine.status();
  if (status.state !== "ready") throw unavailable(status);
  const { readOnlyShards, shards, topics } = status;
  if (readOnlyShards.length > 0 && readOnlyShards.length >= shards) {
    throw new TopicsError("wal_unavailable", "Every shard of the log is read-only after a failed write or sync.", {
      read_only: readOnlyShards,
    });
  }
  const readOnly = readOnlyShards.length === 0 ? "" : `,"read_only":[${readOnlyShards.join(",")}]`;
  return textReply(200, `{"status":"ready","wal_replay_complete":true,"topics":${topics}${readOnly}}`);
}

/** What everything else answers while the engine is not ready. */
export function unavailable(status: Exclude<ReturnType<Engine["status"]>, { state: "ready" }>): TopicsError {
  if (status.state === "stopping") return shuttingDown();
  return new TopicsError("not_ready", "The log is being read back after a start; try again in a moment.", {
    replay_progress: status.replayProgress,
  });
}

export function shuttingDown(): TopicsError {
  return new TopicsError("shutting_down", "The server is stopping; try again once it is back.");
}
