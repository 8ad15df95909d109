/** The result of a check. Each entry is a sentence for people: where it is, what is wrong, and how to fix it. */
export type Findings = { readonly problems: readonly string[]; readonly warnings?: readonly string[] };

/** One property of the tree that `npm run check` verifies. */
export type Check = {
  readonly name: string;
  /** The property that holds if there are no problems, as a sentence without its period. */
  readonly promise: string;
  run(root: string): Promise<Findings>;
};
