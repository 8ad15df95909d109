/** Which imports a folder or file is allowed. */
export type ImportRule = {
  /** A folder or file, relative to the root. The longest match for a file applies. */
  readonly from: string;
  /** Folders and files that it may import in addition to its own; packages by their folder. */
  readonly mayImport: readonly string[];
  /** The reason, as a clause that completes the message of the check. */
  readonly because: string;
};
