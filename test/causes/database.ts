import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../rig/eventually.ts';
import { MariaDb } from '../rig/mariadb.ts';
import { skipWithout } from '../rig/optional.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';
import { startUnresponsive } from '../rig/unresponsive.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { mysqlError, pgError } from './driver.ts';
import {
  agentCommand,
  agentYaml,
  alerts,
  allAlerts,
  linesWith,
  logOf,
  operatorCommand,
  type Said,
} from './tools.ts';

/** pg_hba.conf: the database `private` is for nobody. */
const HBA = 'host postgres,missing postgres 127.0.0.1/32 scram-sha-256\n';

/**
 * Everything that can be wrong between a driver and its database, each behind a connection of its own, named as the cause. One
 * agent serves all of them.
 */
export async function observeDatabase(): Promise<ReadonlyMap<string, Said>> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  await chmod(path, 0o755);
  const hba = join(path, 'pg_hba.conf');
  await writeFile(hba, HBA);
  await chmod(hba, 0o644);
  const hasMySql = skipWithout('mariadbd') === false;
  const [db, maria] = await Promise.all([
    Postgres.start({ settings: { hba_file: hba } }).then((server) => stack.use(server)),
    hasMySql ? MariaDb.start() : undefined,
  ]);
  await using mariaStack = new AsyncDisposableStack();
  if (maria !== undefined) mariaStack.use(maria);
  const filtered = stack.use(await startUnresponsive());
  const { port } = db.address;
  const targets: Readonly<Record<string, { readonly kind: string; readonly address: string }>> = {
    'database-stopped': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    'wrong-port': { kind: 'postgresql', address: `127.0.0.1:${await unusedPort()}` },
    'firewall-drop': { kind: 'postgresql', address: `127.0.0.1:${filtered.address.port}` },
    'wrong-password': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    'database-missing': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    'pg-hba': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    // Another address of the same host, as one that is not in listen_addresses.
    'listen-addresses': { kind: 'postgresql', address: `127.0.0.2:${port}` },
    'mysql-stopped': { kind: 'mysql', address: `127.0.0.1:${maria?.address.port ?? 1}` },
    'client-denied': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    'wrong-pool': { kind: 'postgresql', address: `127.0.0.1:${port}` },
    dns: { kind: 'postgresql', address: 'db.orders.invalid:5432' },
  };
  const connector = { check: { interval: '1s' }, dialTimeout: '1s' };
  const connectors = Object.entries(targets).map(([name, target]) => ({ name, ...target, ...connector }));
  const connection = (name: string, kind: string) => ({
    name,
    kind,
    connector: name,
    pools: [name === 'wrong-pool' ? 'dc2' : 'dc1'],
    ingress: [{ tcp: '127.0.0.1:0', allow: [name === 'client-denied' ? '10.99.0.0/16' : '127.0.0.1/32'] }],
  });
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    environment: { NOBODY: `http://127.0.0.1:${await unusedPort()}/` },
    gateway: {
      ...allAlerts,
      pools: [{ name: 'dc1' }, { name: 'dc2', queue: { limit: 0 }, minReady: 1 }],
      connections: [
        ...Object.entries(targets).map(([name, { kind }]) => connection(name, kind)),
        connection('connector-typo', 'postgresql'),
      ],
    },
    agent: { connectors },
  });
  const asks = (name: string, more: object = {}) =>
    pgError(pair, name, { ...db.clientConfig({ host: '127.0.0.1', port: pair.port(name) }), ...more });
  const driver: Record<string, string> = {
    'wrong-password': await asks('wrong-password', { password: 'not it' }),
    'database-missing': await asks('database-missing', { database: 'missing' }),
    'pg-hba': await asks('pg-hba', { database: 'private' }),
  };
  for (const name of ['client-denied', 'wrong-pool']) driver[name] = await asks(name);
  const answering = await tell(pair, Object.keys(driver), driver);
  for (const name of ['listen-addresses', 'wrong-port', 'firewall-drop', 'dns', 'connector-typo']) {
    driver[name] = await asks(name);
  }
  await db.stop();
  driver['database-stopped'] = await asks('database-stopped');
  if (maria !== undefined) {
    await mariaStack.disposeAsync();
    driver['mysql-stopped'] = await mysqlError(pair, 'mysql-stopped');
  }
  const broken = Object.keys(driver).filter((name) => !answering.has(name));
  return new Map([...answering, ...(await tell(pair, broken, driver))]);
}

/** What all tools say about these connections. */
async function tell(
  pair: Pair,
  names: readonly string[],
  driver: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Said>> {
  const unwell = names.filter((name) => UNWELL.has(name));
  await eventually(
    'all failing checks to be reported',
    async () => {
      for (const name of unwell) if ((await alerts(pair, name)) === '') return false;
      return true;
    },
    { within: 20_000 },
  );
  const listed = await operatorCommand(pair, 'agent', 'list');
  const shown = await operatorCommand(pair, 'agent', 'show', 'a1');
  const examined = await agentCommand('doctor', await agentYaml(pair, 'a1', {}), { TOKEN: 'none' });
  const said = names.map(
    async (name): Promise<[string, Said]> => [
      name,
      {
        driver: driver[name] ?? '',
        explain: await operatorCommand(pair, 'connection', 'explain', name),
        'agent list': listed,
        'agent show': linesWith(shown, name),
        'gateway log': logOf(pair, 'gateway', name),
        'agent log': logOf(pair, 'a1', name),
        doctor: linesWith(examined, name),
        alert: await alerts(pair, name),
      },
    ],
  );
  return new Map(await Promise.all(said));
}

/** Those that fire an alert, because a check of the agent or every open fails. */
const UNWELL = new Set([
  'database-stopped',
  'wrong-port',
  'firewall-drop',
  'listen-addresses',
  'mysql-stopped',
  'dns',
  'connector-typo',
  'wrong-pool',
]);
