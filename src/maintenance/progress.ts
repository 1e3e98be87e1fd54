/** How far an offline tool is: for a bar on a terminal. */

export interface Progress {
  /** There are so many bytes to be read, about. */
  expect(bytes: number): void;
  advance(bytes: number): void;
  at(what: string): void;
}

export const noProgress: Progress = {
  expect: () => undefined,
  advance: () => undefined,
  at: () => undefined,
};
