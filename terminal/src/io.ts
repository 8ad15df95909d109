/** Where a command writes to; a stream of Node's is one. */
export type Writer = {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean | undefined;
  /** Width in characters, on a terminal. */
  readonly columns?: number | undefined;
};

/**
 * All that a command touches of its process: `main.ts` hands in the real ones, tests their own. Results go to
 * stdout, everything said about them to stderr.
 */
export type Io = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly setExitCode: (code: number) => void;
};
