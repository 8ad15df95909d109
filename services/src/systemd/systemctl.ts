import type { CommandResult, RunCommand } from '../run-command.ts';

/** What systemd says of a unit. */
export type UnitState = {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, … */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  readonly sub: string;
  /** `enabled`, `disabled`, …; empty if there is no file. */
  readonly enabled: string;
  /** How it ended last: `success`, `exit-code`, `signal`, `watchdog`, `timeout`, … */
  readonly result: string;
  /** 0 if it does not run. */
  readonly pid: number;
  /** Automatic restarts since the last manual start. */
  readonly restarts: number;
  /** New at each start of the unit. */
  readonly invocation: string;
  readonly since: string;
};

const PROPERTIES =
  'LoadState,ActiveState,SubState,UnitFileState,Result,MainPID,NRestarts,InvocationID,StateChangeTimestamp';

/** systemctl, as far as services and the updater need it. Methods throw if it fails. */
export class Systemctl {
  readonly #run: RunCommand;

  constructor(run: RunCommand) {
    this.#run = run;
  }

  show(unit: string): UnitState {
    const { stdout } = this.#ok(['show', '--property', PROPERTIES, unit]);
    const values = new Map(
      stdout.split('\n').map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)] as const;
      }),
    );
    const text = (name: string) => values.get(name) ?? '';
    return {
      load: text('LoadState'),
      active: text('ActiveState'),
      sub: text('SubState'),
      enabled: text('UnitFileState'),
      result: text('Result'),
      pid: Number(text('MainPID')) || 0,
      restarts: Number(text('NRestarts')) || 0,
      invocation: text('InvocationID'),
      since: text('StateChangeTimestamp'),
    };
  }

  /** Runs `systemctl WORDS`. */
  do(...words: readonly string[]): void {
    this.#ok(words);
  }

  /** Runs `systemctl WORDS`, which may fail. */
  attempt(...words: readonly string[]): void {
    this.#run(['systemctl', ...words]);
  }

  #ok(words: readonly string[]): CommandResult {
    const result = this.#run(['systemctl', ...words]);
    if (result.status === 0) return result;
    throw new Error(
      `systemctl ${words.join(' ')} failed: ${result.stderr.trim() || `exit code ${result.status}`}`,
    );
  }
}
