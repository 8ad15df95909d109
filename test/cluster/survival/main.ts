import { parseArgs } from 'node:util';
import { skipWithoutJdbc } from '../../drivers/driver-jars.ts';
import { JavaPrograms } from '../../drivers/java-program.ts';
import type { CaseResult } from './case.ts';
import { everyCase } from './every-case.ts';
import { whyNoNetwork } from './network.ts';
import { runCases } from './run-cases.ts';
import { startSite } from './site.ts';

const usage = `npm run cluster:test -- [options]

Starts three replicas on hosts of their own (network namespaces), four agents, haproxy, and PostgreSQL with a standby. Restarts,
kills, pauses and partitions them under clients, and checks what must hold after each case. Exits with 1 when something did not.

  --only REGEX         runs the cases whose name matches this regular expression
  --list               prints the names of all cases
  --output text|json   format of the report on standard output
  --help               print this help
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    list: { type: 'boolean', default: false },
    output: { type: 'string', default: 'text' },
    help: { type: 'boolean', default: false },
  },
});
const chosen = everyCase.filter(({ name }) => new RegExp(values.only).test(name));
const cases = chosen.filter(({ isMissing }) => isMissing === undefined);
const reason = whyNoNetwork();
if (values.help) process.stdout.write(usage);
else if (values.list) process.stdout.write(everyCase.map(({ name }) => `${name}\n`).join(''));
else if (cases.length === 0 || !['text', 'json'].includes(values.output)) {
  process.stderr.write(usage);
  process.exitCode = 1;
} else if (reason !== undefined) {
  process.stderr.write(`Skipped: ${reason}.\n`);
} else {
  const progress = (text: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
  };
  for (const { name, isMissing } of chosen)
    if (isMissing !== undefined) process.stderr.write(`Skipped: ${name}: ${isMissing}.\n`);
  const withoutJava = skipWithoutJdbc();
  if (withoutJava !== false) process.stderr.write(`Skipped: the JDBC pool: ${withoutJava}.\n`);
  await using stack = new AsyncDisposableStack();
  const java = withoutJava === false ? stack.use(await JavaPrograms.compile()) : undefined;
  const site = stack.use(await startSite(progress));
  const isText = values.output === 'text';
  const results: CaseResult[] = [];
  if (isText)
    process.stdout.write(rowOf(['case', 'seconds', 'new', 'pooled', 'failed', 'cut', 'longest ms']));
  for await (const result of runCases(site, cases, { pgbench: true, java }, progress)) {
    results.push(result);
    progress('');
    // At once: a run that is ended has shown what it has found.
    if (isText) process.stdout.write(textOf(result));
  }
  process.stdout.write(`${JSON.stringify({ cases: results })}\n`);
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

function rowOf([name = '', ...numbers]: readonly (string | number)[]): string {
  return `${[String(name).padEnd(64), ...numbers.map((each) => String(each).padStart(11))].join('')}\n`;
}

function textOf({ case: name, facts, problems, ...counts }: CaseResult): string {
  const { seconds, newConnections, answers, failed, cut, longestMs } = counts;
  const notes = [
    ...(Object.keys(facts).length === 0 ? [] : [JSON.stringify(facts)]),
    ...problems.map((problem) => `NOT AS IT SHOULD BE: ${problem}`),
  ];
  return [
    rowOf([name, seconds, newConnections, answers, failed, cut, longestMs]),
    ...notes.map((note) => `  ${note}\n`),
  ].join('');
}
