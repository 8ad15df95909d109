import type { Io } from './io.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';
import { table } from './table.ts';

/** What a probe or a check of a connector found; wire has its schema. */
export type ShownProbe = {
  readonly reach: string;
  readonly sentence: string;
  readonly advice: string;
  readonly stages: readonly {
    readonly stage: string;
    readonly verdict: 'ok' | 'failed' | 'skipped';
    readonly milliseconds?: number;
    readonly detail?: string;
  }[];
};

/** Its stages as a table, then what was found and what to do, for people. */
export function renderProbe({ reach, sentence, advice, stages }: ShownProbe, io: Io): string {
  const style = styleFor(io.stdout, io.environment);
  const colors = { ok: style.good, failed: style.bad, skipped: style.faint };
  const rows = stages.map(({ stage, verdict, milliseconds, detail }) => [
    stage,
    colors[verdict](verdict),
    milliseconds === undefined ? '' : `${milliseconds} ms`,
    detail ?? '',
  ]);
  const found = reach === 'ready' ? style.good(printable(sentence)) : style.bad(printable(sentence));
  return `${table(['STAGE', 'VERDICT', 'TIME', 'DETAIL'], rows, io)}\n${found}\n${advice === '' ? '' : `${printable(advice)}\n`}`;
}
