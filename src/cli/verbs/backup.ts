/** `topics backup URL NAME` and `topics backup DATA_DIR TARGET` (spec 6.7): of a running server, or of a directory at rest. */
import { postJson } from "../../client/call.ts";
import { errnoOf } from "../../env/env.ts";
import { nodeEnv } from "../../env/node-env.ts";
import { backup, type BackupReport } from "../../maintenance/backup.ts";
import { coldDirectory, dataDirectory } from "../data-directory.ts";
import { exitCode } from "../exit-code.ts";
import { openProgressBar } from "../progress-bar.ts";
import { toldRefusal } from "../refusal.ts";

export interface BackupArguments {
  readonly source: string;
  readonly target: string;
  readonly cold: string | undefined;
  readonly json: boolean;
  /** Of a key with the scope admin, where the server asks for one. */
  readonly token: string | undefined;
}

/** Resolves to the exit code. */
export async function runBackup(given: BackupArguments): Promise<number> {
  return /^https?:\/\//.test(given.source) ? online(given) : offline(given);
}

interface Made {
  readonly name: string;
  readonly bytes: number;
  readonly files: number;
  readonly topics: number;
}

async function online({ source, target: name, json, token }: BackupArguments): Promise<number> {
  const url = serverUrl(source);
  if (typeof url === "string") return failed(url);
  let answer;
  try {
    answer = await postJson(new URL("/v0/backup", url), { name }, token);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return failed(`${url.origin} does not answer: ${errno}`);
  }
  const { status, body } = answer;
  if (status !== 200) return failed(`${url.origin} answers ${status}: ${messageOf(body)}`);
  const { bytes, files, topics } = body as Made;
  process.stdout.write(
    json
      ? `${JSON.stringify(body)}\n`
      : `backup ${name} on ${url.origin}: ${topics} topics, ${files} files, ${bytes} bytes\n`,
  );
  return exitCode.good;
}

function serverUrl(text: string): URL | string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" || url.pathname !== "/" || url.search !== "")
    return `${text} is not the address of a server, such as http://127.0.0.1:4000`;
  return url;
}

function messageOf(body: unknown): string {
  const { error } = (body ?? {}) as { readonly error?: { readonly code?: string; readonly message?: string } };
  return error === undefined ? "nothing that a server of this kind would say" : `${error.code}: ${error.message}`;
}

async function offline({ source, target, cold, json }: BackupArguments): Promise<number> {
  const bar = openProgressBar(!json);
  let report: BackupReport;
  try {
    report = await backup({
      env: nodeEnv(),
      directory: dataDirectory(source),
      cold: coldDirectory(cold),
      target: dataDirectory(target),
      progress: bar.progress,
    });
  } catch (error) {
    return toldRefusal(error);
  } finally {
    bar.stop();
  }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : backupText(report));
  return exitCode.good;
}

function backupText({ target, files, bytes, clean, cutBytes, holes }: BackupReport): string {
  const lines = [`${target}: ${files} files, ${bytes} bytes`];
  if (!clean) lines.push("the directory was not stopped in order: the backup is what a server would have made of it");
  if (cutBytes > 0) lines.push(`cut ${cutBytes} bytes of torn tails`);
  for (const { topic, from, to } of holes) lines.push(`seqs ${from} to ${to} of topic ${topic} may have been lost`);
  return `${lines.join("\n")}\n`;
}

function failed(message: string): number {
  process.stderr.write(`topics: ${message}\n`);
  return exitCode.untold;
}
