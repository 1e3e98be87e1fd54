/** The answer to a backup (spec 6.7). */
import type { BackupResult } from "../../engine/api.ts";
import type { Clock } from "../../env/env.ts";
import type { Call } from "../call.ts";
import { performanceText } from "../performance.ts";
import type { Reply } from "../reply.ts";
import { utf8Reply } from "../reply.ts";

export function backupReply({ name, bytes, files, topics }: BackupResult, call: Call, clock: Clock): Reply {
  return utf8Reply(
    200,
    `{"name":${JSON.stringify(name)},"bytes":${bytes},"files":${files},"topics":${topics},` +
      `${performanceText(clock, call)}}`,
  );
}
