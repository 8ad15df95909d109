import { type ExitCode, exitCodes } from './exit-code.ts';

/** A failure that the user can act on: `message` says what happened, `suggestion` what to do next. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly suggestion: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    message: string,
    options?: ErrorOptions & { readonly suggestion?: string; readonly exitCode?: ExitCode },
  ) {
    super(message, options);
    this.suggestion = options?.suggestion;
    this.exitCode = options?.exitCode ?? exitCodes.failed;
  }
}
