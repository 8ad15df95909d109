/** Exit codes of both programs. Closed: docs/cli.md has a row for each. */
export const exitCodes = {
  ok: 0,
  /** The command failed, or what it checked is not valid. */
  failed: 1,
  /** A comparison found a difference that must not exist. */
  different: 2,
  /** The action requires approval and has not been performed. */
  waiting: 3,
  /** What was explained is not ready, or it is not known whether it is. */
  notReady: 4,
  /** The command line is invalid (EX_USAGE of sysexits.h). */
  usage: 64,
  /** `run` exited to be restarted (EX_TEMPFAIL). Supervisors that restart on failure treat it as one. */
  restart: 75,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Their meanings, for people. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'success; for a check, everything is healthy',
  failed: 'the command failed, or the check found a problem',
  different: 'only commands that compare: there is a difference that must not exist',
  waiting: 'the action requires the approval of an admin and has not been performed',
  notReady: 'only `connection explain`: the connection is not ready, or it is not known whether it is',
  usage: 'the command line is invalid; nothing was done',
  restart: 'only `run`: the program exited so that its supervisor restarts it',
};
