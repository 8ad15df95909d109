/** What a check found. Each entry is for people: where, what, and what to do about it. */
export type Findings = { readonly problems: readonly string[]; readonly warnings?: readonly string[] };

/** One thing that `npm run check` makes sure of. */
export type Check = {
  readonly name: string;
  /** What is true of the tree when nothing is found, as a sentence without its full stop. */
  readonly promise: string;
  run(root: string): Promise<Findings>;
};
