import { parseArgs } from 'node:util';
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
  await using site = await startSite(progress);
  const results = await runCases(site, cases, progress);
  progress('');
  process.stdout.write(
    values.output === 'json' ? `${JSON.stringify({ cases: results })}\n` : textOf(results),
  );
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

function textOf(results: readonly CaseResult[]): string {
  const rows = [
    ['case', 'seconds', 'new', 'failed', 'cut', 'longest ms'],
    ...results.map((each) => [
      each.case,
      each.seconds,
      each.newConnections,
      each.failed,
      each.cut,
      each.longestMs,
    ]),
  ];
  const lines = rows.map(([name = '', ...numbers]) =>
    [String(name).padEnd(64), ...numbers.map((each) => String(each).padStart(11))].join(''),
  );
  const notes = results.flatMap(({ case: name, facts, problems }) => [
    ...(Object.keys(facts).length === 0 ? [] : [`${name}: ${JSON.stringify(facts)}`]),
    ...problems.map((problem) => `NOT AS IT SHOULD BE: ${name}: ${problem}`),
  ]);
  return `${[...lines, '', ...notes].join('\n').trimEnd()}\n${JSON.stringify({ cases: results })}\n`;
}
