import type { WorkloadResult } from '../workload.ts';
import type { LongResult } from './run-long.ts';

const sumOf = (results: readonly WorkloadResult[], value: (result: WorkloadResult) => number) =>
  results.reduce((sum, result) => sum + value(result), 0);

/** One table: a row for each kind of fault. */
export function longText(result: LongResult): string {
  const { phases, throughout, left, descriptors, ended, afterResume: over } = result;
  const rows = [
    ['fault', 'times', 'sessions', 'resumed', 'longest ms', 'done', 'errors', 'wrong'],
    ...phases.map(({ fault, times, sessions, resumed, longestMs, workloads }) => [
      fault,
      times,
      sessions,
      resumed,
      longestMs,
      sumOf(workloads, ({ done }) => done),
      sumOf(workloads, ({ errors }) => errors.length),
      sumOf(workloads, ({ wrong }) => wrong),
    ]),
    ...throughout.map(({ workload, done, errors, wrong }) => [
      `throughout: ${workload}`,
      '',
      '',
      '',
      '',
      done,
      errors.length,
      wrong,
    ]),
  ];
  const lines = rows.map(([name = '', ...values]) =>
    [String(name).padEnd(52), ...values.map((value) => String(value).padStart(11))].join('').trimEnd(),
  );
  const all = [
    ...phases.flatMap(({ fault, workloads }) => workloads.map((each) => ({ ...each, fault }))),
    ...throughout,
  ];
  const errors = all.flatMap((each) => {
    const { workload, errors: texts, done } = each;
    const where = 'fault' in each ? `${each.fault}, ${workload}` : workload;
    const none = done === 0 ? [`${where}: nothing was done`] : [];
    return [...none, ...texts.slice(0, 5).map((text) => `${where}: ${text}`)];
  });
  return `${[
    ...lines,
    '',
    `resume.for is over: ${over.clientsReset} of ${over.clients} clients and ${over.targetsReset} targets were reset; ${over.descriptors} descriptors and ${over.left.length} gauges are left.`,
    `Afterwards: ${descriptors} descriptors and ${left.length} gauges are left.`,
    ...phases.flatMap(({ idle }) => idle),
    ...errors,
    ...ended.slice(0, 10),
    ...[...left, ...over.left].map((each) => `Left behind: ${each}`),
  ].join('\n')}\n`;
}
