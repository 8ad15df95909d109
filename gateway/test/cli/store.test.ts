import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { openStore, type Store } from '@penstock/store';
import { alertRow } from '../../../control-plane/test/alerts/scene.ts';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { skipBecause } from '../../../test/rig/optional.ts';
import { Postgres } from '../../../test/rig/postgres.ts';
import { programsWithDump } from '../../../test/rig/postgres-binaries.ts';
import { runCli } from '../../../test/rig/run-cli.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';

/** PostgreSQL of the machine, which has pg_dump beside the server. */
const machine = programsWithDump();
const authority = await TestAuthority.create('The CA of this host');
let server: Promise<Postgres> | undefined;
const postgresOfTheTest = () => {
  server ??= authority
    .issue({ commonName: 'database' })
    .then((tls) => Postgres.start({ programs: machine, tls }));
  return server;
};
after(async () => {
  await (await server)?.[Symbol.asyncDispose]();
});

type Output = {
  readonly store: string;
  readonly target: string;
  readonly revision: number;
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
};

/** A gateway.yaml with a database, and an embedded store that `init` created and that has entries in its tables. */
async function folder(database: string) {
  const postgres = await postgresOfTheTest();
  await postgres.query(`create database ${database}`);
  const directory = await temporaryDirectory();
  const data = join(directory.path, 'data');
  const file = async (name: string, store: string) => {
    const text = [
      'apiVersion: penstock/v1',
      'kind: Gateway',
      'version: 1',
      'organization: acme',
      `dataDirectory: ${data}`,
      'pools: [{name: dc1}]',
      store,
    ];
    await writeFile(join(directory.path, name), `${text.join('\n')}\n`);
    return join(directory.path, name);
  };
  const alone = await file('alone.yaml', '');
  const shared = await file('gateway.yaml', 'store: {url: "${env:DATABASE_URL}"}');
  const url = postgres.url().replace(/\/postgres$/, `/${database}`);
  const run = async (...argv: string[]) => {
    const result = await runCli(argv, { DATABASE_URL: url });
    return { ...result, json: () => JSON.parse(result.stdout) as Output };
  };
  assert.equal((await run('init', '--config', alone)).exitCode, 0);
  const store = await openStore(data);
  await fill(store);
  const before = await stateOf(store);
  await store.close();
  return {
    directory: directory.path,
    data,
    alone,
    shared,
    url,
    postgres,
    before,
    run,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function fill(store: Store): Promise<void> {
  const agent = { pool: 'dc1', createdAt: 1, revokedReason: null, drainedAt: null };
  await store.transaction(async (inside) => {
    for (let at = 0; at < 2_500; at += 1) {
      await inside.agents.insert({ ...agent, id: `agt_${at}`, name: `agent-${at}`, revokedAt: null });
    }
    await inside.agents.revoke('agt_7', 5, 'revoked');
    await inside.agentKeys.claim({ key: 'k', agentId: 'agt_1', createdAt: 1_764_166_929_000 });
    await inside.alerts.save([alertRow('a1')]);
    const rollout = {
      kind: 'config',
      state: 'paused',
      isOpen: 1,
      revision: 3,
      createdBy: 'host',
      body: '{}',
    } as const;
    await inside.rollouts.insert({ ...rollout, id: 'rollout', epoch: 57, createdAt: 1, updatedAt: 2 }, []);
    await inside.audit.append({ at: 3, actor: 'host', action: 'try', subject: 's', after: { ö: '"\\' } });
  });
}

const stateOf = async (store: Store) => ({
  agents: await store.agents.list({ limit: 5_000 }),
  revoked: await store.agents.byId('agt_7'),
  owner: await store.agentKeys.owner('k'),
  alerts: await store.alerts.list({ limit: 10 }),
  audit: await store.audit.list({ limit: 100 }),
  tokens: await store.adminTokens.list(),
});

test('a store is moved into a database and back, with everything in it', async () => {
  await using at = await folder('moved');
  const out = await at.run('store', 'migrate', '-c', at.shared, '--from', 'embedded', '--output', 'json');
  assert.equal(out.exitCode, 0, out.stderr);
  assert.deepEqual(
    out.json().tables.find(({ table }) => table === 'agents'),
    { table: 'agents', rows: 2_500 },
  );
  assert.match(out.json().target, /^127\.0\.0\.1:\d+\/moved$/);
  assert.doesNotMatch(out.stdout, new RegExp(at.postgres.password));
  assert.deepEqual(
    (await readdir(at.data)).filter((name) => name.startsWith('store')),
    ['store.sqlite.moved', 'store.sqlite.moved-to'],
    'a gateway does not start with it by mistake',
  );
  const status = await at.run('store', 'status', '-c', at.shared, '--output', 'json');
  assert.deepEqual(status.json().tables, out.json().tables);
  assert.ok(status.json().revision > 0);

  const moveBack = () => at.run('store', 'migrate', '-c', at.shared, '--to', 'embedded', '--output', 'json');
  const files = async () => (await readdir(at.data)).filter((name) => name.startsWith('store'));
  await at.postgres.query('alter table approvals rename to unreadable', 'moved');
  await at.postgres.query('create table approvals (unknown_column text, b text)', 'moved');
  await at.postgres.query("insert into approvals values ('a', 'b')", 'moved');
  assert.notEqual((await moveBack()).exitCode, 0);
  assert.deepEqual(
    await files(),
    ['store.sqlite.moved', 'store.sqlite.moved-to'],
    'a copy that failed leaves no store that a gateway would start on',
  );
  await at.postgres.query('drop table approvals; alter table unreadable rename to approvals', 'moved');
  const back = await moveBack();
  assert.equal(back.exitCode, 0, back.stderr);
  assert.deepEqual(await files(), ['store.sqlite'], 'nothing says that it is in the database');
  assert.deepEqual(back.json().tables, out.json().tables);
  const store = await openStore(at.data);
  assert.deepEqual(await stateOf(store), at.before);
  assert.equal((await store.rollouts.byId('rollout'))?.epoch, 0, 'any leader may go on with it');
  await store.close();
});

test('a store is not moved where there is one, under a running gateway, or without a database', async () => {
  await using at = await folder('refused');
  const move = (...argv: string[]) => at.run('store', 'migrate', '-c', ...argv);
  assert.match((await move(at.shared)).stderr, /Set one of --from embedded and --to embedded/);
  assert.match((await move(at.alone, '--from', 'embedded')).stderr, /has no database.*Set store\.url/s);
  assert.equal((await move(at.shared, '--from', 'embedded')).exitCode, 0);
  const none = await move(at.shared, '--from', 'embedded');
  assert.equal(none.exitCode, 1);
  const moved = /was moved to the database 127\.0\.0\.1:\d+\/refused, and is store\.sqlite\.moved now\./;
  for (const command of [['init'], ['store', 'status'], ['run']]) {
    const { exitCode, stderr } = await at.run(...command, '--config', at.alone);
    assert.notEqual(exitCode, 0, command.join(' '));
    assert.match(stderr, moved, command.join(' '));
    assert.match(stderr, /Set store\.url in gateway\.yaml .*, then run .* --to embedded/s, command.join(' '));
  }
  assert.match(none.stderr, moved);
  assert.match(none.stderr, /Start the gateway with store\.url set .*, or .* --to embedded/s);
  assert.equal((await at.run('init', '--config', at.alone, '--new-store')).exitCode, 0);
  const full = await move(at.shared, '--from', 'embedded');
  assert.match(full.stderr, /The target is not empty: its table \w+ has rows\. Nothing was copied/);
  const life = `insert into leases values ('gateway:e1', 'e1', 1, 9e15::bigint)`;
  await at.postgres.query(life, 'refused');
  assert.match((await move(at.shared, '--to', 'embedded')).stderr, /1 gateways are running on .*Stop them/s);
  await at.postgres.query('delete from leases', 'refused');
  const filled = await move(at.shared, '--to', 'embedded');
  assert.match(
    filled.stderr,
    /store\.sqlite is not empty: its table admin_tokens has rows\. Nothing was copied/,
  );
});

test('a backup by pg_dump is restored into a new database', {
  skip: machine === undefined && skipBecause('PostgreSQL with pg_dump is not installed'),
}, async () => {
  await using at = await folder('dumped');
  assert.equal((await at.run('store', 'migrate', '-c', at.shared, '--from', 'embedded')).exitCode, 0);
  const dump = join(at.directory, 'store.dump');
  const program = (name: string) => join(machine ?? '', name);
  await promisify(execFile)(program('pg_dump'), ['--format=custom', `--file=${dump}`, at.url]);
  await at.postgres.query('create database restored');
  const restored = at.url.replace(/\/dumped$/, '/restored');
  await promisify(execFile)(program('pg_restore'), ['--no-owner', '--exit-on-error', '-d', restored, dump]);
  const status = async (url: string) => {
    const { stdout } = await runCli(['store', 'status', '-c', at.shared, '--output', 'json'], {
      DATABASE_URL: url,
    });
    const { tables, revision } = JSON.parse(stdout) as Output;
    return { tables, revision };
  };
  assert.deepEqual(await status(restored), await status(at.url));
});

test('init and store trust the certificate authorities of this host for the database, as run does', async () => {
  await using directory = await temporaryDirectory();
  const postgres = await postgresOfTheTest();
  await postgres.query('create database trusted');
  const [config, certificates] = ['gateway.yaml', 'host-ca.crt'].map((name) => join(directory.path, name));
  assert.ok(config !== undefined && certificates !== undefined);
  await writeFile(certificates, authority.certificate);
  const lines = [
    'apiVersion: penstock/v1',
    'kind: Gateway',
    'version: 1',
    'organization: acme',
    'pools: [{name: dc1}]',
  ];
  const store = 'store: {url: "${env:DATABASE_URL}"}';
  await writeFile(config, [...lines, `dataDirectory: ${join(directory.path, 'data')}`, store, ''].join('\n'));
  const url = `${postgres.url().replace(/\/postgres$/, '/trusted')}?sslmode=verify-full`;
  for (const command of [['init'], ['store', 'status']]) {
    const { exitCode, stderr } = await runCli([...command, '--config', config], {
      DATABASE_URL: url,
      SSL_CERT_FILE: certificates,
    });
    assert.equal(exitCode, 0, stderr);
  }
});
