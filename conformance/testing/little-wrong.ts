/** The mistakes that the little server can be told to make, one at a time, each a planted bug of spec 9.5 or its like. */

export type Wrong =
  | "body-cut-short-committed"
  | "cursor-sticks"
  | "data-re-serialised"
  | "delete-moves-floor"
  | "error-is-200"
  | "key-forgotten"
  | "name-not-checked"
  | "tombstone-off-by-one"
  | "wake-up-lost";
