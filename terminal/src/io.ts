/** An output of a command, such as a Node stream. */
export type Writer = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean | undefined;
  /** Width of the terminal in characters. */
  readonly columns?: number | undefined;
};

/**
 * The parts of the process that commands use; tests substitute their own. Results are written to stdout, messages to
 * stderr.
 */
export type Io = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where confirmations are read from; absent where none can be given. */
  readonly stdin?: (NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined }) | undefined;
  readonly setExitCode: (code: number) => void;
};
