/** What a program's exit tells. Closed: docs/configuration.md has a row for each that a config command can give. */
export const exitCodes = {
  ok: 0,
  /** It was tried and did not work, or what was checked is not valid. */
  failed: 1,
  /** `config diff`: what was compared differs as it must not. */
  different: 2,
  /** The command line itself is wrong (EX_USAGE of sysexits.h). */
  usage: 64,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
