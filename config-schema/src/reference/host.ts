/** Environment variables by name; `process.env` is one, but only a program's main file touches it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What references are resolved against. */
export type ReferenceHost = {
  readonly environment: Environment;
  /** The text of a file. Throws ReadFileError, or an error of node:fs, when there is none. */
  readonly readFile: (path: string) => string;
  /** Relative paths start here; as they are when undefined. */
  readonly directory: string | undefined;
};
