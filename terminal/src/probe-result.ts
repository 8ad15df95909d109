import type { Io } from './io.ts';
import { printableLine } from './printable.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

/** Result of a probe or a connector check. */
export type ShownProbe = {
  readonly reach: string;
  readonly message: string;
  readonly advice: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly verdict: 'ok' | 'failed' | 'skipped';
    readonly milliseconds?: number;
    readonly detail?: string;
  }[];
};

/** Renders the stages as a table, followed by the result and advice. */
export function renderProbe({ reach, message, advice, stages }: ShownProbe, io: Io): string {
  const style = styleFor(io.stdout, io.environment);
  const colors = { ok: style.good, failed: style.bad, skipped: style.faint };
  const rows = stages.map(({ stage, verdict, milliseconds, detail }) => [
    stage,
    colors[verdict](verdict),
    milliseconds === undefined ? '' : `${milliseconds} ms`,
    detail ?? '',
  ]);
  const found = reach === 'ready' ? style.good(printableLine(message)) : style.bad(printableLine(message));
  return `${table(['STAGE', 'VERDICT', 'TIME', 'DETAIL'], rows, io)}\n${found}\n${advice === '' ? '' : `${printableLine(advice)}\n`}`;
}
