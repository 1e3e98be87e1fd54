/** Options of the commands in here: `--help` says how they are used, and so does a mistake, which ends with code 2. */
import { parseArgs, type ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>["values"];

/** The caller is left with values to work with; in the other two cases the process is over. */
export function optionsOf<const O extends Options>(usage: string, options: O): Values<O> {
  const asked = process.argv.slice(2);
  if (asked.includes("--help") || asked.includes("-h")) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ args: asked, options }).values;
  } catch (error) {
    return refuse(usage, error instanceof Error ? error.message : String(error));
  }
}

/** Says what is wrong, and how it is done. */
export function refuse(usage: string, reason: string): never {
  console.error(`${reason}\n\n${usage}`);
  process.exit(2);
}

/** A whole number of at least `least`. */
export function wholeNumber(usage: string, name: string, text: string, least = 1): number {
  const value = Number(text);
  if (!/^\d{1,12}$/.test(text) || value < least)
    return refuse(usage, `--${name} takes a whole number from ${least} on`);
  return value;
}
