/** Online backup (spec 6.7). It takes as long as it takes: a connection on which nothing moves meanwhile is not a dead one. */
import { TopicsError } from "../../base/errors.ts";
import type { Handler } from "../call.ts";
import { readControl } from "../control-body.ts";
import type { HttpDeps } from "../deps.ts";
import { backupReply } from "../replies/backup.ts";
import { backupFromBody, backupShape } from "../shapes/backup.ts";

export function makeBackup(deps: HttpDeps): Handler {
  const { engine, clock, config } = deps;
  return async (call) => {
    if (!config.backups) throw new TopicsError("not_found", "Backups are off here: TOPICS_BACKUP_DIR is not set.");
    const name = backupFromBody(await readControl(call, backupShape.fields, "refused", deps));
    call.takeTime();
    return backupReply(await call.afterChanges(() => engine.backup(name)), call, clock);
  };
}
