import { parseArgs } from 'node:util';
import { isInstalled } from '../rig/optional.ts';
import { Postgres } from '../rig/postgres.ts';
import { Redis } from '../rig/redis.ts';
import { startEcho } from '../rig/targets.ts';
import { darkText, runDark } from './dark/run-dark.ts';
import { fillPgbench, pgbench, startPgbench, startPubSub } from './databases.ts';
import { briefFaults, longFaults } from './faults.ts';
import { longText } from './long/report.ts';
import { isLongClean, runLong } from './long/run-long.ts';
import { type ChaosResult, isClean, runChaos } from './run-chaos.ts';
import { startScene } from './scene.ts';
import { echoes, idleClients, transfers } from './sockets.ts';
import type { Workload } from './workload.ts';

const INTERVAL_MS = 2_000;
const AWAY_SECONDS = 20;
const ASLEEP_SECONDS = 30;
const IDLE_CLIENTS = 200;
const TRANSFER_BYTES = 64 * 1024 * 1024;

const usage = `npm run chaos -- [options]

Cuts the link of an agent every 2 s while clients work, then takes its network away for ${AWAY_SECONDS} s and lets its host
sleep for ${ASLEEP_SECONDS} s. Exits with 1 when a client noticed anything.

  --seconds N          how long the link is cut every 2 s (60)
  --long               each kind of fault for so many seconds on its own, with pgbench, JDBC, Redis, and connections that end in
                       every way, while one connection carries 5 GiB both ways; then what happens when resume.for is over.
                       A kind that made no connection resume is a failure, unless no session ended
  --dark               how long new clients wait when an agent or a session goes dark, in ten ways
  --kind TEXT          only faults whose name contains this, with --long, or begins with it, with --dark; may be repeated
  --mib N              what that connection carries (5120)
  --output text|json   format of the report on standard output
  --help               print this help
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    long: { type: 'boolean', default: false },
    dark: { type: 'boolean', default: false },
    kind: { type: 'string', multiple: true, default: [] },
    mib: { type: 'string', default: '5120' },
    output: { type: 'string', default: 'text' },
    help: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
if (values.help) process.stdout.write(usage);
else if (
  !(Number(values.mib) >= 1 && seconds >= 2 && seconds <= 86_400) ||
  !['text', 'json'].includes(values.output)
) {
  process.stderr.write(usage);
  process.exitCode = 1;
} else if (values.dark) {
  const results = await runDark(values.kind, note);
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(results)}\n` : darkText(results));
  if (results.some(({ failed }) => failed.length > 0)) process.exitCode = 1;
} else if (values.long) {
  const result = await runLong({
    seconds,
    interval: INTERVAL_MS,
    away: AWAY_SECONDS,
    asleep: ASLEEP_SECONDS,
    idle: IDLE_CLIENTS,
    bytes: Number(values.mib) * 1024 * 1024,
    kinds: values.kind,
    note,
  });
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(result)}\n` : longText(result));
  if (!isLongClean(result)) process.exitCode = 1;
} else {
  const result = await chaos();
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(result)}\n` : textOf(result));
  if (!isClean(result)) process.exitCode = 1;
}

async function chaos(): Promise<ChaosResult> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await Postgres.start());
  const redis = isInstalled('redis-server') ? stack.use(await Redis.start()) : undefined;
  const program = pgbench();
  if (program === undefined) note('pgbench is not installed and is left out.');
  else await fillPgbench(program, postgres);
  const echo = stack.use(await startEcho());
  const scene = stack.use(
    await startScene({
      orders: postgres.address.port,
      echo: echo.address.port,
      ...(redis && { cache: redis.address.port }),
    }),
  );
  const port = (name: string) => scene.pair.port(name);
  const workloads: Workload[] = [
    await idleClients(port('echo'), IDLE_CLIENTS),
    await transfers(port('echo'), TRANSFER_BYTES),
    ...(await echoes(port('echo'), 4)),
  ];
  const duration = seconds + AWAY_SECONDS + ASLEEP_SECONDS + 10;
  if (program !== undefined)
    workloads.push(startPgbench(program, postgres, port('orders'), Math.ceil(duration)));
  if (redis === undefined) note('redis-server is not installed and is left out.');
  else workloads.push(await startPubSub(redis, port('cache')));
  const plan = {
    scene,
    brief: briefFaults,
    rounds: Math.ceil((seconds * 1000) / INTERVAL_MS),
    interval: INTERVAL_MS,
    long: longFaults(AWAY_SECONDS, ASLEEP_SECONDS),
    progress: (text: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
    },
  };
  const result = await runChaos(plan, workloads);
  plan.progress('');
  return result;
}

function textOf({ workloads, faults, ended, left }: ChaosResult): string {
  const rows = [
    ['clients', 'done', 'errors', 'wrong'],
    ...workloads.map(({ workload, done, errors, wrong }) => [workload, done, errors.length, wrong]),
    [],
    ['fault', 'times', 'sessions', 'resumed', 'longest ms'],
    ...faults.map(({ fault, times, sessions, resumed, longestMs }) => [
      fault,
      times,
      sessions,
      resumed,
      longestMs,
    ]),
  ];
  const lines = rows.map(([name = '', ...numbers]) =>
    [String(name).padEnd(44), ...numbers.map((each) => String(each).padStart(12))].join('').trimEnd(),
  );
  const errors = workloads.flatMap(({ workload, errors: all }) =>
    all.slice(0, 5).map((error) => `${workload}: ${error}`),
  );
  return `${[...lines, '', ...errors, ...ended.slice(0, 10), ...left.map((each) => `Left behind: ${each}`)].join('\n').trimEnd()}\n`;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
