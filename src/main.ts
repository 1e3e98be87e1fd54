#!/usr/bin/env node
/** The program. */
import { run } from "./cli/program.ts";

process.exitCode = await run(process.argv.slice(2));
if (process.exitCode !== undefined) process.exit();
