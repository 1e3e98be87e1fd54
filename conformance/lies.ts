/**
 * `npm run probe:lies -- --spawn COMMAND`: runs every case that needs no server of its own against a liar before the
 * server, lie by lie, and writes down in testing/caught.json which lie each case caught first. A case that no lie
 * makes fail asks for nothing: exit code 1.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Case } from "./case.ts";
import { discoverCases } from "./discover.ts";
import { ManagedServer } from "./managed/managed-server.ts";
import { runCases } from "./runner.ts";
import { parseTarget } from "./target.ts";
import { byTransport, caughtBy, plainCases } from "./testing/caught.ts";
import { Liar } from "./testing/liar.ts";
import { lies } from "./testing/lies.ts";

const key = "key-of-the-probe-0123456789";
const { values } = parseArgs({ options: { spawn: { type: "string" } } });

async function accuse(command: string): Promise<readonly Case[]> {
  const settings = { TOPICS_API_KEYS: key };
  const server = await ManagedServer.prepare({ command, settings, signal: new AbortController().signal });
  const caught: Record<string, string> = {};
  try {
    await server.start({ TOPICS_BACKUP_DIR: server.path("backups") });
    let left = plainCases(await discoverCases());
    for (const [name, lie] of Object.entries(lies)) {
      const liar = new Liar(server.target.url, lie);
      const options = { profile: "core", parallel: 24, caseTimeoutMs: 3000 } as const;
      const { cases } = await runCases(parseTarget(await liar.listen(), key), left, options);
      for (const each of cases) if (caughtBy(name, each)) caught[each.id] = name;
      const before = left.length;
      left = left.filter(({ id }) => !(id in caught));
      console.log(`${name}: ${before - left.length} of ${before} cases notice that ${lie.what}`);
      await liar.close();
    }
    await writeFile(new URL("testing/caught.json", import.meta.url), `${JSON.stringify(caught, null, 2)}\n`);
    return left.filter(({ id }) => !byTransport.test(id));
  } finally {
    await server.remove();
  }
}

if (values.spawn === undefined) {
  console.error("usage: npm run probe:lies -- --spawn COMMAND");
  process.exitCode = 2;
} else {
  const left = await accuse(values.spawn);
  console.log(left.length === 0 ? "every case catches a lie" : `catch none: ${left.map(({ id }) => id).join(" ")}`);
  process.exitCode = left.length === 0 ? 0 : 1;
}
