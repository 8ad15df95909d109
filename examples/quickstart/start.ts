// npm start: starts a private database, a gateway and two agents, runs a query through them, kills the agent that
// carried it, and runs the query again. Options: --once exits afterwards; --output json prints one line of JSON.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findStarter, watchStarter } from '@penstock/terminal';
import { failOverOnEnter } from './fail-over-again.ts';
import { makeDirectory } from './left-behind.ts';
import { command, Program } from './program.ts';
import { askForBestCustomers } from './query.ts';
import { done, problem, type Result, rows, title, tryIt } from './story.ts';

const { values: options } = parseArgs({
  options: { once: { type: 'boolean', default: false }, output: { type: 'string', default: 'text' } },
});

const directory = await makeDirectory();
const starterGone = new Promise<void>((resolve) => watchStarter(findStarter(process.env), () => resolve()));
/** Resolves to the exit code of a process that the signal has ended. */
const interrupted = Promise.race([
  starterGone.then(() => 1),
  ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(async (signal) => {
    await once(process, signal);
    return 128 + constants.signals[signal];
  }),
]);
// After a closed terminal nobody reads what is written.
process.stdout.on('error', () => {});
process.on('SIGUSR1', () => {});
await using cleanup = new AsyncDisposableStack();
cleanup.defer(() => rm(directory, { recursive: true, force: true }));

const stopping = new AbortController();
const story = tell(stopping.signal);
// After an interruption, the step that still runs fails while everything is being stopped. It may write to the directory.
cleanup.defer(() => story.then(() => {}).catch(() => {}));
const outcome = await Promise.race([
  story.then((result) => ({ result })),
  interrupted.then((code) => ({ code })),
]).catch((error: Error) => ({ error }));
if ('result' in outcome && !options.once) await interrupted;
stopping.abort();
await cleanup.disposeAsync();
if ('error' in outcome) problem(`The quickstart failed: ${outcome.error.message}`);
else if ('code' in outcome) problem('The quickstart was interrupted. Nothing is left behind.');
else if (options.output === 'json') process.stdout.write(`${JSON.stringify(outcome.result)}\n`);
process.exit('code' in outcome ? outcome.code : Number('error' in outcome));

/** Everything up to the invitation to try it. Rejects when a step fails, and starts nothing more once `signal` is aborted. */
async function tell(signal: AbortSignal): Promise<Result> {
  const started = performance.now();
  const since = (from: number) => Math.round(performance.now() - from);
  title('Penstock: a private database behind a gateway and two agents');

  const database = fork(fileURLToPath(new URL('database.ts', import.meta.url)), [directory]);
  cleanup.defer(async () => {
    if (database.exitCode !== null || database.signalCode !== null) return;
    const exited = once(database, 'exit');
    if (database.connected) database.disconnect();
    await exited;
  });
  const [{ port: databasePort }] = (await Promise.race([
    once(database, 'message'),
    once(database, 'exit').then(() => {
      throw new Error('The database exited before it was ready.');
    }),
  ])) as [{ port: number }];
  done('private database', `PGlite on 127.0.0.1:${databasePort}, known only to the agents`);

  /** The database removes the directory if this process is killed, once these programs have ended. */
  const pids: number[] = [];
  const leave = (...programs: Program[]) => {
    pids.push(...programs.flatMap(({ pid }) => pid ?? []));
    if (database.connected) database.send(pids);
  };

  const gatewayEnvironment = { PENSTOCK_DATA: join(directory, 'gateway') };
  const { pins, adminToken } = (await command(
    'gateway',
    ['init', '--config', 'gateway.yaml'],
    gatewayEnvironment,
    { signal },
  )) as {
    pins: [string];
    adminToken: { token: string };
  };
  signal.throwIfAborted();
  const gateway = new Program('gateway', gatewayEnvironment);
  leave(gateway);
  cleanup.defer(() => gateway.end('SIGTERM'));
  const tunnel = await gateway.line('tunnel-listening');
  const adminLine = await gateway.line('admin-listening');
  const ingress = await gateway.line('ingress-listening');
  const admin = `http://127.0.0.1:${adminLine['port']}`;
  const port = Number(String(ingress['address']).split(':').at(-1));
  // A checkout builds the console when it is first asked for: it is ready by the time somebody opens it.
  void fetch(`${admin}/console/`).catch(() => {});
  done('gateway', `agents connect to port ${tunnel['port']}, clients of "orders" to port ${port}`);

  const operator = { PENSTOCK_URL: admin, PENSTOCK_TOKEN: adminToken.token };
  const { token } = (await command(
    'gateway',
    ['token', 'create', '--pool', 'demo', '--uses', '2'],
    operator,
    { signal },
  )) as { token: string };
  signal.throwIfAborted();
  const startAgent = (name: string) =>
    new Program('agent', {
      AGENT_NAME: name,
      AGENT_DATA: join(directory, name),
      PENSTOCK_GATEWAY_URL: `https://127.0.0.1:${tunnel['port']}`,
      PENSTOCK_GATEWAY_PIN: pins[0],
      PENSTOCK_ENROLLMENT_TOKEN: token,
      ORDERS_DB_PORT: String(databasePort),
      NO_PROXY: '127.0.0.1',
    });
  const agents = new Map(['agent-1', 'agent-2'].map((name) => [name, startAgent(name)]));
  leave(...agents.values());
  cleanup.defer(async () => {
    await Promise.all([...agents.values()].map((agent) => agent.end('SIGTERM')));
  });
  for (const [name, agent] of agents) {
    for (const session of [0, 1]) await agent.line('session-ready', (line) => line['session'] === session);
    done(name, 'enrolled with a token; two sessions, both outbound');
  }
  const startMilliseconds = since(started);

  title('An ordinary PostgreSQL driver queries the three best customers through the gateway');
  const first = await askForBestCustomers(port);
  const carried = await gateway.line('connection-opened');
  const carrier = String(carried['agent']);
  rows(first);
  done(
    'connection "orders"',
    `pool ${String(carried['pool'])}, carried by ${carrier}, ${first.milliseconds} ms in total`,
  );

  title(`${carrier} is killed, and the query runs again`);
  await agents.get(carrier)?.end('SIGKILL');
  const second = await askForBestCustomers(port);
  const other = String((await gateway.line('connection-opened', (line) => line !== carried))['agent']);
  rows(second);
  done('connection "orders"', `carried by ${other}, ${second.milliseconds} ms in total, without an error`);

  const result: Result = {
    query: { agent: carrier, pool: String(carried['pool']), rows: first.rows },
    failover: { killed: carrier, agent: other, rows: second.rows },
    connection: {
      name: 'orders',
      host: '127.0.0.1',
      port,
      jdbcUrl: `jdbc:postgresql://127.0.0.1:${port}/postgres?user=postgres&sslmode=disable`,
    },
    milliseconds: { start: startMilliseconds, query: first.milliseconds, failover: second.milliseconds },
  };

  if (!options.once) {
    signal.throwIfAborted();
    agents.set(carrier, startAgent(carrier));
    leave(...agents.values());
    const { url } = (await command('gateway', ['console'], operator, { signal })) as { url: string };
    signal.throwIfAborted();
    tryIt(result, { admin, adminToken: adminToken.token, console: url });
    let last = other;
    const enter = failOverOnEnter({
      async kill() {
        await agents.get(last)?.end('SIGKILL');
        const answer = await askForBestCustomers(port);
        const line = await gateway.line('connection-opened', (each) => each['agent'] !== last);
        done(`${last} was killed`, `carried by ${String(line['agent'])}, ${answer.milliseconds} ms in total`);
      },
      restart() {
        agents.set(last, startAgent(last));
        leave(...agents.values());
        last = last === carrier ? other : carrier;
      },
    });
    cleanup.use(enter);
  }
  return result;
}
