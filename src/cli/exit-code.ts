/**
 * How the program ends: in order, with a failure that it has told about, or because it was called wrongly. Offline tools
 * end with the same three (spec 6.6): good, damage found, could not tell.
 */
export const exitCode = { good: 0, failed: 1, usage: 2, damaged: 1, untold: 2 } as const;
