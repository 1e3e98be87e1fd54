/** The command line: verbs, flags, and how they end. `serve` is what happens when no verb is given. */
import { Command, Option } from "commander";
import { exitCode } from "./exit-code.ts";
import { readSettings, type ReadSettings, SettingError, type SettingName, settings } from "./settings.ts";
import { version } from "./version.ts";

/** Shown in the help of `serve`; every other setting has a flag as well, but for keys, which everybody could see in a list of processes. */
const shown: ReadonlySet<SettingName> = new Set<SettingName>([
  "TOPICS_HOST",
  "TOPICS_PORT",
  "TOPICS_PORT_FILE",
  "TOPICS_DATA_DIR",
  "TOPICS_WAL_SHARDS",
  "TOPICS_LOG",
]);

/** `TOPICS_MAX_TOPICS` is `--max-topics`. */
const flags: ReadonlyMap<SettingName, Option> = new Map(
  (Object.keys(settings) as SettingName[])
    .filter((name) => name !== "TOPICS_API_KEYS")
    .map((name) => {
      const flag = name.slice("TOPICS_".length).toLowerCase().replaceAll("_", "-");
      const option = new Option(`--${flag} <value>`, settings[name].help);
      return [name, shown.has(name) ? option : option.hideHelp()];
    }),
);

/** Runs the command line and resolves to the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCode.good;
  const program: Command = new Command("topics")
    .description("A persistent, append-only event log: one process, one directory, one machine, over HTTP.")
    .version(version)
    .exitOverride()
    .showHelpAfterError("(topics --help lists what there is)")
    .addHelpText("after", () => `\nWithout a command: serve.\n\n${serveVerb.helpInformation()}\n${environmentHelp()}`);
  const serveVerb: Command = program
    .command("serve", { isDefault: true })
    .description("run the server (the default)")
    .option("--print-config", "show every setting with its source, and exit")
    .addHelpText("after", () => `\n${environmentHelp()}`)
    .action(async (options: Record<string, string | boolean>) => {
      const read = readSettings(process.env, chosen(options));
      if (options["printConfig"]) process.stdout.write(printed(read));
      else code = await (await import("./serve.ts")).serve(read);
    });
  for (const option of flags.values()) serveVerb.addOption(option);
  addOfflineVerbs(program, (ended) => (code = ended));
  addBackupVerbs(program, (ended) => (code = ended));
  addProbe(program, (ended) => (code = ended));
  addHealth(program, (ended) => (code = ended));
  const [first] = argv;
  const verbs = ["help", ...program.commands.map((verb) => verb.name())];
  if (first !== undefined && !first.startsWith("-") && !verbs.includes(first)) {
    process.stderr.write(`topics: there is no command "${first}" (topics --help lists what there is)\n`);
    return exitCode.usage;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof SettingError) {
      process.stderr.write(`topics: ${error.message}\n`);
      return exitCode.usage;
    }
    const ended = error as { code?: unknown; exitCode?: unknown };
    if (typeof ended.code === "string" && ended.code.startsWith("commander."))
      return ended.exitCode === 0 ? exitCode.good : exitCode.usage;
    throw error;
  }
}

/** Tools for a directory that no server has open (spec 6.6). */
function addOfflineVerbs(program: Command, end: (code: number) => void): void {
  const exits =
    "\nExit codes: 0 good, 1 damage found, 2 could not tell (in use, unreadable, bad usage, unknown version).";
  program
    .command("verify")
    .description("read everything in a data directory and name what is damaged; writes nothing")
    .argument("[dir]", "the data directory (TOPICS_DATA_DIR)")
    .option("--cold <dir>", "its cold directory (TOPICS_COLD_DIR)")
    .option("--json", "print the report as JSON")
    .addHelpText("after", exits)
    .action(async (directory: string | undefined, { cold, json }: OfflineOptions) => {
      const { runVerify } = await import("./verbs/verify.ts");
      end(await runVerify({ directory, cold, json: json === true }));
    });
  addDump(program, exits, end);
  addRepair(program, end);
}

/** Backups, and what becomes of them (spec 6.7). */
function addBackupVerbs(program: Command, end: (code: number) => void): void {
  program
    .command("backup")
    .description("make a backup of a running server, or of a data directory that no server has open")
    .argument("<source>", "address of the server, such as http://127.0.0.1:4000, or the data directory")
    .argument("<target>", "name of the backup in the server's TOPICS_BACKUP_DIR, or the directory to make")
    .option("--cold <dir>", "cold directory of a data directory (TOPICS_COLD_DIR)")
    .option("--token <key>", "a key with the scope admin, where the server asks for one")
    .option("--json", "print the answer as JSON")
    .addHelpText("after", "\nExit codes: 0 made, 1 damage found, 2 not made (in use, refused, unreachable, bad usage).")
    .action(async (source: string, target: string, { cold, json, token }: OfflineOptions) => {
      const { runBackup } = await import("./verbs/backup.ts");
      end(await runBackup({ source, target, cold, token, json: json === true }));
    });
  program
    .command("restore")
    .description("make a data directory that is what a backup was, or what followed it up to a moment")
    .argument("<backup>", "the backup; it is only read")
    .requiredOption("--to <dir>", "the directory to make; absent or empty")
    .option("--archive <dir>", "TOPICS_WAL_ARCHIVE_DIR of the server: what was logged after the backup")
    .option("--until <moment>", "2026-11-21T10:00:00Z, milliseconds since 1970, or TOPIC@SEQ; else as far as it goes")
    .option("--live <dir>", "the data directory that the backup was made of, stopped: what it knows of its seqs")
    .option("--seq-gap <number>", "seqs that are given up above the highest known (2^32; 0 with --live)")
    .option("--json", "print the report as JSON")
    .addHelpText("after", "\nExit codes: 0 restored, 1 damage found, 2 not restored (in use, refused, bad usage).")
    .action(async (backup: string, { to, archive, until, live, seqGap, json }: RestoreOptions) => {
      const { runRestore } = await import("./verbs/restore.ts");
      end(await runRestore({ backup, to, archive, until, live, seqGap, json: json === true }));
    });
}

/** For whoever starts and watches a server. */
function addHealth(program: Command, end: (code: number) => void): void {
  program
    .command("health")
    .description("say whether a server serves")
    .argument("[url]", "its address (TOPICS_HOST and TOPICS_PORT)")
    .option("--wait <seconds>", "ask until it does, for so long", "0")
    .option("--token <key>", "any key, where probes ask for one (TOPICS_PROBE_AUTH)")
    .addHelpText("after", "\nExit codes: 0 it serves, 1 it does not, 2 bad usage.")
    .action(async (url: string | undefined, { wait, token }: { readonly wait: string; readonly token?: string }) => {
      if (!/^\d{1,6}$/.test(wait)) throw new SettingError(`--wait takes seconds, not "${wait}"`);
      if (url !== undefined && !URL.canParse(url))
        throw new SettingError(`"${url}" is not an address such as http://127.0.0.1:4000`);
      const { runHealth } = await import("./verbs/health.ts");
      end(await runHealth({ url, waitSeconds: Number(wait), token }, readSettings(process.env, {})));
    });
}

/** Its arguments are its own affair, `--help` included. */
function addProbe(program: Command, end: (code: number) => void): void {
  program
    .command("probe")
    .description("hold a server to the /v0 contract: topics probe URL, or --spawn COMMAND (topics probe --help)")
    .argument("[args...]")
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => {
      const { runProbe } = await import("./verbs/probe.ts");
      end(await runProbe(args));
    });
}

/** Shows what is there. */
function addDump(program: Command, exits: string, end: (code: number) => void): void {
  program
    .command("dump")
    .description("show frames, segments and checkpoints of a data directory, or of one of its files, as text")
    .argument("[path]", "the data directory, or a file of one (TOPICS_DATA_DIR)")
    .option("--cold <dir>", "its cold directory (TOPICS_COLD_DIR)")
    .option("--payloads", "show records, too")
    .option("--json", "print JSON lines")
    .addHelpText("after", exits)
    .action(async (path: string | undefined, { cold, json, payloads }: OfflineOptions) => {
      const { runDump } = await import("./verbs/dump.ts");
      end(await runDump({ path, cold, json: json === true, payloads: payloads === true }));
    });
}

function addRepair(program: Command, end: (code: number) => void): void {
  program
    .command("repair")
    .description(
      "make a new data directory of what is left of a damaged one, and tell what is not; changes nothing in it",
    )
    .argument("<dir>", "the damaged data directory")
    .requiredOption("--to <newdir>", "the directory to make; absent or empty")
    .option("--cold <dir>", "cold directory of the damaged one (TOPICS_COLD_DIR)")
    .option("--json", "print the report as JSON")
    .addHelpText(
      "after",
      "\nExit codes: 0 made, nothing lost; 1 made, and something was given up; 2 not made (in use, bad usage, unreadable).",
    )
    .action(async (directory: string, { to, cold, json }: RepairOptions) => {
      const { runRepair } = await import("./verbs/repair.ts");
      end(await runRepair({ directory, cold, to, json: json === true }));
    });
}

interface RepairOptions extends OfflineOptions {
  readonly to: string;
}

interface RestoreOptions {
  readonly to: string;
  readonly archive?: string;
  readonly until?: string;
  readonly live?: string;
  readonly seqGap?: string;
  readonly json?: boolean;
}

interface OfflineOptions {
  readonly token?: string;
  readonly cold?: string;
  readonly json?: boolean;
  readonly payloads?: boolean;
}

function chosen(options: Record<string, string | boolean>): Partial<Record<SettingName, string>> {
  const given: Partial<Record<SettingName, string>> = {};
  for (const [name, option] of flags) {
    const value = options[option.attributeName()];
    if (typeof value === "string") given[name] = value;
  }
  return given;
}

function environmentHelp(): string {
  return `Environment (an empty value counts as unset; TOPICS_MAX_TOPICS is also --max-topics, which wins, and so on):\n${settingsTable()}

Exit codes: 0 stopped in order, 1 failed (the log says why), 2 bad usage or settings.`;
}

function settingsTable(): string {
  return Object.entries(settings)
    .map(([name, row]) => `  ${name.padEnd(30)} ${row.help} (${String(row.standard) || "unset"})`)
    .join("\n");
}

function printed({ settings: values, sources }: ReadSettings): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name}=${Array.isArray(value) ? value.join(",") : String(value)}  # ${sources[name as SettingName]}\n`,
    )
    .join("");
}
