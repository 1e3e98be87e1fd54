/** How the program ends: in order, with a failure that it has told about, or because it was called wrongly. */
export const exitCode = { good: 0, failed: 1, usage: 2 } as const;
