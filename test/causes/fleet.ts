import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binOf } from '../processes/programs.ts';
import { eventually } from '../rig/eventually.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { pgError } from './driver.ts';
import { agentYaml, alerts, allAlerts, linesWith, logOf, operatorCommand, type Said } from './tools.ts';

/** Loaded before a program of Penstock: its host's clock is two minutes ahead. A fake; setting the real clock needs root. */
const SKEWED = 'const now = Date.now; Date.now = () => now() + 120_000;';

/** What happens to agents that worked: one for each cause, in a pool of its own, both named as the cause. */
export async function observeFleet(): Promise<ReadonlyMap<string, Said>> {
  const causes = ['quarantine', 'host-asleep', 'clock'] as const;
  await using stack = new AsyncDisposableStack();
  const echo = stack.use(await startEcho());
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agents: { quarantine: 'quarantine' },
    environment: { NOBODY: `http://127.0.0.1:${await unusedPort()}/` },
    gateway: {
      ...allAlerts,
      // A machine that is busy for two seconds makes no agent stale but the one that sleeps.
      health: { ...allAlerts.health, staleAfter: '5s' },
      tunnel: { pingInterval: '1s', pingTimeout: '1s' },
      pools: ['dc1', ...causes].map((name) => ({ name, pinning: 'enforce', queue: { limit: 0 } })),
      connections: causes.map((name) => ({
        name,
        kind: 'postgresql',
        connector: 'db',
        pools: [name],
        ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.1/32'] }],
      })),
    },
  });
  const preload = join(pair.directory, 'skewed.mjs');
  await writeFile(preload, SKEWED);
  const start = async (name: string, nodeArguments: readonly string[] = []) => {
    const { token } = await pair.api('POST /enrollment-tokens', { pool: name, uses: 1 });
    const file = await agentYaml(pair, name, { pool: name });
    const args = [...nodeArguments, binOf('agent'), 'run', '--config', file];
    return stack.use(await ManagedProcess.start({ args, env: { TOKEN: String(token) } }));
  };
  const sleeper = await start('host-asleep');
  const skewed = await start('clock', ['--import', preload]);
  const stateOf = async (name: string) => (await pair.api(`GET /agents/${name}`))['state'];
  for (const name of ['host-asleep', 'clock']) {
    await eventually(`${name} to connect`, async () => (await stateOf(name)) !== 'disconnected', {
      within: 60_000,
    });
  }
  await pair.api('POST /config-versions', {
    pool: 'quarantine',
    content: pair.agentFile('quarantine', { version: 2 }),
  });
  await pair.api('PUT /pins/pools/quarantine', { version: 2 });
  // As on a host that sleeps, nothing of the process runs and its sockets stay. Its clocks go on: suspending them needs root.
  process.kill(sleeper.pid, 'SIGSTOP');
  const expected = { quarantine: 'config-drift', 'host-asleep': 'agent-stale', clock: 'clock-skew' };
  const said = new Map<string, Said>();
  for (const cause of causes) {
    await eventually(
      `${expected[cause]} of ${cause}`,
      async () =>
        (await alerts(pair, cause)).includes(expected[cause]) &&
        // Its last session may be lost later than it becomes stale.
        (cause !== 'host-asleep' || logOf(pair, 'gateway', cause).includes('session-lost')),
      { within: 60_000, state: () => logOf(pair, 'gateway', cause) },
    );
    said.set(cause, await tell(pair, cause));
  }
  process.kill(sleeper.pid, 'SIGCONT');
  await eventually('the lost sessions to be noticed', () => sleeper.output.includes('session-ended'), {
    within: 60_000,
    state: () => sleeper.output,
  });
  const examine = async (cause: (typeof causes)[number], args: readonly string[] = []) => {
    const file = await agentYaml(pair, cause, { pool: cause });
    const command = [...args, binOf('agent'), 'doctor', '--config', file];
    await using child = await ManagedProcess.start({ args: command, env: { TOKEN: 'none' } });
    await child.exit(30_000);
    return child.output;
  };
  const add = (cause: string, more: Said) => said.set(cause, { ...said.get(cause), ...more });
  add('quarantine', { doctor: await examine('quarantine'), 'agent log': logOf(pair, 'quarantine') });
  add('clock', {
    doctor: await examine('clock', ['--import', preload]),
    'agent log': linesWith(skewed.output, 'warn'),
  });
  add('host-asleep', { 'agent log': sleeper.output });
  return said;
}

async function tell(pair: Pair, cause: string): Promise<Said> {
  return {
    // The clients of an agent whose clock is wrong are not affected.
    ...(cause !== 'clock' && { driver: await pgError(pair, cause) }),
    explain: await operatorCommand(pair, 'connection', 'explain', cause),
    'agent list': await operatorCommand(pair, 'agent', 'list', '--pool', cause),
    'agent show': await operatorCommand(pair, 'agent', 'show', cause),
    'gateway log': logOf(pair, 'gateway', cause),
    alert: await alerts(pair, cause),
  };
}
