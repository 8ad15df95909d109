/** What a program's exit tells. Closed: docs/cli.md has a row for each. */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work, or what was checked is not valid. */
  failed: 1,
  /** `config diff`: what was compared differs as it must not. */
  different: 2,
  /** What was asked for waits for somebody's approval, and has not happened yet. */
  waiting: 3,
  /** The command line itself is wrong (EX_USAGE of sysexits.h). */
  usage: 64,
  /** `run`: it ended to be started anew (EX_TEMPFAIL); supervisors that restart on failure take it for one. */
  restart: 75,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** For people. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'it worked; for a check: all is well',
  failed: 'it was tried and did not work, or what was checked is not well',
  different: 'only where a command compares: what was compared differs as it must not',
  waiting: 'what was asked for waits for the approval of an admin, and has not happened yet',
  usage: 'the command line is wrong; nothing was tried',
  restart: 'only `run`: the program ended to be started anew by its supervisor',
};
