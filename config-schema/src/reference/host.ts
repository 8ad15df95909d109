/** Environment variables by name. Only a program's main file reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment and files that references are resolved against. */
export type ReferenceHost = {
  readonly environment: Environment;
  /** Returns the text of a file. Throws ReadFileError or an error of node:fs if it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Directory for relative paths; undefined: they are left unchanged. */
  readonly directory: string | undefined;
};
