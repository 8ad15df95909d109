/** What a build knows about itself. `npm run release` replaces this file with one that has the facts of the release. */
export type BuildFacts = {
  /** The commit it was built from; undefined when run from a checkout. Ends with `-dirty` if the tree was changed. */
  readonly commit: string | undefined;
  /** The time of that commit, as in RFC 3339. Not the time of the build, which would differ each time. */
  readonly date: string | undefined;
  /** The sequence of the release: this host installs no older one. */
  readonly sequence: number;
  /** The public root keys, as base64 of their SPKI. Without any, this build verifies no release. */
  readonly rootKeys: readonly string[];
};

export const buildFacts: BuildFacts = { commit: undefined, date: undefined, sequence: 0, rootKeys: [] };
