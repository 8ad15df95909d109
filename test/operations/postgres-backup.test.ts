import assert from 'node:assert/strict';
import { chmod, cp, mkdir, rename } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { test } from 'node:test';
import { binOf } from '../processes/programs.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipBecause, skipWithout } from '../rig/optional.ts';
import { Postgres } from '../rig/postgres.ts';
import { programsWithDump } from '../rig/postgres-binaries.ts';
import { OperatedGateway, sqlOfDocument } from './operated-gateway.ts';

const programs = programsWithDump();

/** What an operator sees of a store. The audit trail is listed newest first. */
async function stateOf(operated: OperatedGateway) {
  const list = async (...words: string[]) => {
    const answer = JSON.parse(await operated.operate(...words, '--output', 'json')) as { items: unknown };
    return answer.items as readonly Readonly<Record<string, unknown>>[];
  };
  return {
    agents: (await list('agent', 'list')).map(({ id, name, pool }) => ({ id, name, pool })),
    pins: await list('config', 'pins'),
    versions: await list('config', 'versions', 'dc1'),
    adminTokens: (await list('admin-token', 'list')).map(({ id, name }) => ({ id, name })),
    audit: await list('audit', 'list', '--limit', '1000'),
  };
}

/** Makes `penstock-gateway` a command in the folder `bin`. */
async function installCommand(operated: OperatedGateway): Promise<void> {
  await mkdir(operated.site.path('bin'));
  const script = `#!/bin/sh\nexec '${process.execPath}' '${binOf('gateway')}' "$@"\n`;
  await chmod(await operated.site.write('bin/penstock-gateway', script), 0o755);
}

test('a backup of a store in PostgreSQL, restored as documented, has its agents, pins, tokens and audit trail', {
  skip:
    (programs === undefined && skipBecause('PostgreSQL with pg_dump is not installed')) ||
    skipWithout('bash'),
}, async () => {
  await using _leaks = expectNoLeaks();
  await using postgres = await Postgres.start({ programs });
  const [createRole = '', createDatabase = '', ...others] = sqlOfDocument();
  assert.deepEqual(others, []);
  await postgres.query(createRole.replace('…', postgres.password));
  await postgres.query(createDatabase);
  const { host, port } = postgres.address;
  const database = `postgresql://penstock:${postgres.password}@${host}:${port}/penstock`;
  await using operated = await OperatedGateway.start({ database });
  await installCommand(operated);
  const path = [operated.site.path('bin'), programs, process.env['PATH']].join(delimiter);
  const follow = (block: number) =>
    operated.follow('The store in PostgreSQL', {
      block,
      of: 2,
      environment: { PATH: path, NEW_DATABASE_URL: database },
    });
  await operated.operate('config', 'publish', '--pool', 'dc1', operated.site.path('agent.yaml'));
  await operated.operate('config', 'pin', 'dc1', '1', '--yes');
  const before = await stateOf(operated);
  assert.deepEqual([before.agents.length, before.pins.length, before.versions.length], [1, 1, 1]);

  await follow(1);
  await cp(operated.site.path('keys'), operated.site.path('backup'), { recursive: true });
  await operated.operate('admin-token', 'create', '--name', 'after the backup', '--output', 'json');
  await operated.stopGateway();
  await postgres.query('drop database penstock');
  await rename(operated.site.path('keys'), operated.site.path('keys.lost'));

  await rename(operated.site.path('backup'), operated.site.path('keys'));
  await postgres.query(createDatabase);
  assert.match(await follow(2), /^ *agents +1$/m);
  await operated.startGateway();

  // With the first admin token, and by the certificate that the agent has.
  await operated.agentConnected();
  assert.equal(operated.agent?.output.match(/"identity-enrolled"/g)?.length, 1);
  assert.deepEqual(await stateOf(operated), before, 'and nothing that happened after the backup');
  // What is written next continues the numbers of what was restored.
  await operated.putToken();
  const [newest, ...older] = (await stateOf(operated)).audit;
  assert.equal(newest?.['action'], 'enrollment-token.create');
  assert.deepEqual(older, before.audit);
});
