import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { agentKey, FROM, HOUR, requestOf } from '../../control-plane/test/identity/identity-rig.ts';
import { type CliRig, cliRig } from './cli-rig.ts';

const PIN = `sha256/${Buffer.alloc(32).toString('base64')}`;

const agentFile = (version: number, pool: string) => `
apiVersion: penstock/v1
kind: Agent
version: ${version}
name: \${env:HOSTNAME}
pool: ${pool}
gateway: {url: "https://gateway.example.com:8443", pins: ["${PIN}"]}
connectors: [{name: orders-db, kind: postgresql, address: "orders.internal:5432"}]
`;

async function inFile<Result>(text: string, use: (file: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'penstock-publish-'));
  try {
    const file = join(directory, 'agent.yaml');
    await writeFile(file, text);
    return await use(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function enroll({ api: { rig, fleet } }: CliRig, name: string): Promise<void> {
  const { csr } = await agentKey();
  const issued = await rig.identity.enrollment.enroll(requestOf(await rig.token(), csr, { name }), FROM);
  fleet.issued({ id: issued.agentId, name, pool: 'dc1', notAfter: rig.clock.now + HOUR });
}

test('a file is published, pinned and unpinned', async () => {
  await using rig = await cliRig('operator');
  await enroll(rig, 'orders-1');
  assert.match((await rig.cli('config', 'versions', 'dc1')).stdout, /No versions are published for pool dc1/);
  assert.match((await rig.cli('config', 'pins')).stdout, /There are no pins/);
  const digest = /sha256:[0-9a-f]{64}/;
  const published = await inFile(agentFile(12, 'dc1'), (file) => rig.cli('config', 'publish', file));
  assert.match(published.stdout, /^Version 12 of pool dc1 is published, sha256:/);
  const again = await inFile(agentFile(12, 'dc1'), (file) => rig.cli('config', 'publish', file));
  assert.match(again.stdout, /^Version 12 of pool dc1 was already published/);
  assert.match(
    (await rig.cli('config', 'versions', 'dc1')).stdout,
    /\n12\s+sha256:[0-9a-f]{64}\s+(in )?\d+m\s+admin-token:/,
  );

  const pinned = await rig.cli('config', 'pin', 'dc1', '12');
  assert.match(pinned.stdout, /^The pool dc1 is pinned to version 12, sha256:/);
  const own = await rig.cli('config', 'pin', '--agent', 'orders-1', '12');
  assert.match(own.stdout, /^The agent orders-1 is pinned to version 12/);
  assert.equal(digest.exec(own.stdout)?.[0], digest.exec(pinned.stdout)?.[0]);
  assert.match((await rig.cli('config', 'pins')).stdout, /agent\s+orders-1\s+12.*\npool\s+dc1\s+12/);
  const unpinned = await rig.cli('config', 'unpin', '--agent', 'orders-1');
  assert.equal(unpinned.stdout, 'The pin of agent orders-1 is removed.\n');
  assert.match((await rig.cli('config', 'unpin', 'dc1')).stdout, /The pin of pool dc1 is removed/);
});

test('errors when publishing and pinning say what is wrong and what to do', async () => {
  await using rig = await cliRig('operator');
  const publish = (text: string, ...options: string[]) =>
    inFile(text, (file) => rig.cli('config', 'publish', ...options, file));
  const byReference = await publish(agentFile(12, '${env:POOL}'));
  assert.match(byReference.stderr, /does not name a pool\.[\s\S]*Add --pool POOL/);
  assert.equal((await publish(agentFile(12, '${env:POOL}'), '--pool', 'dc1')).exitCode, 0);
  const misspelt = await publish(agentFile(13, 'dc1').replace('connectors', 'conectors'));
  assert.deepEqual([misspelt.exitCode, misspelt.stdout], [1, '']);
  assert.match(misspelt.stderr, /UNKNOWN_KEY[\s\S]*Did you mean `connectors`\?/);
  const taken = await publish(`${agentFile(12, '${env:POOL}')}drain: {timeout: 9s}\n`, '--pool', 'dc1');
  assert.match(taken.stderr, /Increase `version` in the file\. \(CONFIG_VERSION_TAKEN\)/);
  const unknown = await rig.cli('config', 'pin', 'dc1', '99');
  assert.match(unknown.stderr, /99 was not published for pool dc1\. Publish it first with .*config publish/);
  for (const [words, message] of [
    [['12'], /either a pool or --agent NAME/],
    [['dc1'], /dc1 is not a version/],
    [['dc1', 'twelve'], /twelve is not a version/],
  ] as const) {
    const wrong = await rig.cli('config', 'pin', ...words);
    assert.equal(wrong.exitCode, 64, wrong.stderr);
    assert.match(wrong.stderr, message);
  }
});

test('an agent is shown with its reasons, advice and measurements', async () => {
  await using rig = await cliRig('viewer');
  const now = Date.now();
  rig.api.live.agents = [
    testView(
      'orders-1',
      {
        pin: { version: 13, digest: 'sha256:def', mode: 'enforce', scope: 'pool', drift: 'version' },
        checks: [{ connector: 'orders-db', reach: 'refused', at: now - 5_000, milliseconds: 2.4 }],
        memory: { totalBytes: 2 ** 30, availableBytes: 2 ** 29, processBytes: 2 ** 26 },
        cpu: { load: 0.42, process: 0.5 },
        detail: 'It runs version 12, and version 13 is pinned.',
      },
      'CONFIG_DRIFT',
    ),
  ];
  const { stdout } = await rig.cli('agent', 'show', 'orders-1');
  for (const words of [
    /^quarantined CONFIG_DRIFT since 2023-11-14T22:13:20\.000Z \(\d+d ago\)/,
    /The agent does not run the pinned version of its configuration\./,
    /Deploy the pinned version/,
    /pin\s+version 13, sha256:def \(pool, enforce\); the agent runs a different file/,
    /clock\s+12\.0 ms ahead of the gateway, round trip 3\.0 ms/,
    /CPU\s+host 42 %/,
    /memory\s+512 MiB of 1024 MiB available, agent 64 MiB/,
    /orders-db\s+postgresql\s+.*refused\s+2ms\s+[5-9]s ago/,
  ]) {
    assert.match(stdout, words);
  }
  const asJson = await rig.cli('agent', 'show', 'orders-1', '-o', 'json');
  assert.equal((JSON.parse(asJson.stdout) as { code: string }).code, 'CONFIG_DRIFT');
  assert.match((await rig.cli('agent', 'show', 'nobody')).stderr, /no agent named nobody/);
});

test('an agent is drained and resumed', async () => {
  await using rig = await cliRig('operator');
  await enroll(rig, 'orders-1');
  const drained = await rig.cli('agent', 'drain', 'orders-1');
  assert.match(drained.stdout, /^orders-1 receives no new opens\. .*agent resume orders-1\n$/);
  assert.equal(rig.api.fleet.agent('orders-1')?.state, 'draining');
  const resumed = await rig.cli('agent', 'resume', 'orders-1');
  assert.match(resumed.stdout, /^orders-1 is resumed .* Its state is disconnected\.\n$/);
});

test('pools are listed with their agents by state', async () => {
  await using rig = await cliRig('viewer');
  await enroll(rig, 'orders-1');
  const { stdout } = await rig.cli('pool', 'list');
  const [, one = '', two = ''] = stdout.split('\n');
  assert.match(one, /^dc1\s+0 of 1\s+1 disconnected\s+0\/64\s+0\s+0\s+off$/);
  assert.match(two, /^dc2\s+0 of 1\s+none\s+0\/64/);
  const { items } = JSON.parse((await rig.cli('pool', 'list', '-o', 'json')).stdout) as {
    items: { healthy: boolean }[];
  };
  assert.deepEqual(
    items.map(({ healthy }) => healthy),
    [false, false],
  );
  const unknown = await rig.api.ask('GET', '/api/v1/pools/dc9', { as: 'viewer' });
  assert.equal(unknown.status, 404);
});

test('agents are filtered by pool and state', async () => {
  await using rig = await cliRig('viewer');
  rig.api.live.agents = [
    testView('orders-1'),
    testView('orders-2', { pool: 'dc2' }),
    testView('orders-3', {}, 'CONFIG_DRIFT'),
  ];
  const names = async (...options: string[]) => {
    const { stdout } = await rig.cli('agent', 'list', ...options, '--output', 'json');
    return (JSON.parse(stdout) as { items: { name: string }[] }).items.map(({ name }) => name);
  };
  assert.deepEqual(await names('--pool', 'dc2'), ['orders-2']);
  assert.deepEqual(await names('--state', 'connected'), ['orders-1', 'orders-2']);
  assert.match((await rig.cli('agent', 'list', '--pool', 'dc9')).stdout, /None of the 3 agents matches/);
  assert.equal((await rig.cli('agent', 'list', '--state', 'fine')).exitCode, 64);
});

test('a misspelt name of an agent suggests the right one', async () => {
  await using rig = await cliRig('viewer');
  rig.api.live.agents = [testView('orders-1'), testView('billing')];
  assert.match((await rig.cli('agent', 'show', 'order-1')).stderr, /Did you mean orders-1\?/);
  assert.match((await rig.cli('agent', 'show', 'zzz')).stderr, /Possible values: billing, orders-1\./);
});
