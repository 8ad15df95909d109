import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkConfig } from '@penstock/config-schema';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { type Pair, startPair } from '../../test/rig/pair.ts';
import { runCli } from '../../test/rig/run-cli.ts';

/** One file for the whole pool, as pins require; the name comes from the environment of the host. */
const SHARED = { name: '${env:HOST}', identity: { directory: '${env:HOME_OF}' } };
const enforce = { pools: [{ name: 'dc1', pinning: 'enforce' }] };

function at(pair: Pair, name: string): void {
  Object.assign(pair.environment, { HOST: name, HOME_OF: `${pair.directory}/${name}` });
}

async function fileOf(pair: Pair, version: number): Promise<string> {
  const file = join(pair.directory, `agent-${version}.yaml`);
  await writeFile(file, JSON.stringify(pair.agentFile('a1', { ...SHARED, version })));
  return file;
}

test('a pin under enforce is previewed, confirmed, and followed until every agent runs it', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {}, gateway: enforce });
  const daemons = [];
  for (const name of ['a1', 'a2']) {
    at(pair, name);
    daemons.push(await pair.startAgent(name, { ...SHARED, version: 1 }));
    await pair.connected(name);
  }
  const { token } = await pair.api('POST /admin-tokens', { name: 'ci', role: 'operator' });
  const environment = {
    PENSTOCK_URL: `http://127.0.0.1:${pair.gateway.admin.port}`,
    PENSTOCK_TOKEN: `${token}\n`,
  };
  const cli = (...argv: string[]) => runCli(['config', ...argv], environment);

  const first = await cli('publish', await fileOf(pair, 1), '--wait', '--timeout', '20s');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stderr, /2 of 2 connected agents run version 1\./);

  // Before it is published, as in a pull request.
  const dry = await cli('publish', await fileOf(pair, 2), '--dry-run');
  assert.match(
    dry.stdout,
    /would quarantine 2 of 2 agents: a1, a2\. .*ready agents in the pool: 2 now, 0 after/,
  );
  assert.match((await cli('versions', 'dc1')).stdout, /^1\s/m);
  assert.doesNotMatch((await cli('versions', 'dc1')).stdout, /^2\s/m);

  await cli('publish', await fileOf(pair, 2));
  const preview = await cli('pin', 'dc1', '2', '--dry-run', '--output', 'json');
  assert.deepEqual(
    (({ quarantined, differing, matching, pinning }) => ({ quarantined, differing, matching, pinning }))(
      JSON.parse(preview.stdout) as Record<string, unknown>,
    ),
    { quarantined: ['a1', 'a2'], differing: 2, matching: 0, pinning: 'enforce' },
  );
  const refused = await cli('pin', 'dc1', '2');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /would quarantine 2 of 2[\s\S]*--yes/);
  assert.match((await cli('pins')).stdout, /There are no pins/);
  assert.equal((await pair.api('GET /agents/a1'))['state'], 'connected');
  assert.match(
    (await cli('pin', 'dc1', '9', '--dry-run')).stderr,
    /Version 9 was not published for pool dc1/,
  );

  const waiting = cli('pin', 'dc1', '2', '--yes', '--wait', '--timeout', '20s');
  for (const [index, name] of ['a1', 'a2'].entries()) {
    at(pair, name);
    daemons[index]?.apply(pair.agentConfig(name, { ...SHARED, version: 2 }));
  }
  const followed = await waiting;
  assert.equal(followed.exitCode, 0, followed.stderr);
  assert.match(followed.stdout, /pinned to version 2/);
  assert.match(followed.stderr, /2 of 2 connected agents run version 2\./);

  const late = await cli('pin', 'dc1', '1', '--yes', '--wait', '--timeout', '1s');
  assert.equal(late.exitCode, 1);
  assert.match(late.stderr, /Not every agent runs version 1 in time: a1 \(version 2\), a2 \(version 2\)/);
  const released = await cli('unpin', 'dc1', '--dry-run', '--output', 'json');
  assert.equal((JSON.parse(released.stdout) as { released: number }).released, 2);

  const printed = await cli('published', 'dc1', '2');
  const written = checkConfig('Agent', await readFile(await fileOf(pair, 2), 'utf8'));
  const again = checkConfig('Agent', printed.stdout);
  assert.ok(written.ok && again.ok, printed.stdout);
  assert.equal(again.source.digest, written.source.digest);
  assert.match((await cli('published', 'dc1')).stdout, /^version: 2$/m);
});

test('approving a pin that would quarantine agents is previewed and confirmed, as the pin itself would be', async () => {
  await using _leaks = expectNoLeaks();
  const pools = [{ name: 'dc1', pinning: 'enforce', requireApproval: ['pin'] }];
  await using pair = await startPair({ targets: {}, agents: {}, gateway: { pools } });
  at(pair, 'a1');
  await pair.startAgent('a1', { ...SHARED, version: 1 });
  await pair.connected('a1');
  const { token } = await pair.api('POST /admin-tokens', { name: 'ci', role: 'operator' });
  const PENSTOCK_URL = `http://127.0.0.1:${pair.gateway.admin.port}`;
  const operator = (...argv: string[]) => runCli(argv, { PENSTOCK_URL, PENSTOCK_TOKEN: String(token) });
  const admin = (...argv: string[]) => runCli(argv, { PENSTOCK_URL, PENSTOCK_TOKEN: pair.adminToken });
  await operator('config', 'publish', await fileOf(pair, 2));
  const request = async () => {
    const asked = await operator('config', 'pin', 'dc1', '2', '--yes');
    assert.equal(asked.exitCode, 3, asked.stderr);
    return /approval approve (\S+)/.exec(asked.stderr)?.[1] ?? '';
  };
  const id = await request();
  const refused = await admin('approval', 'approve', id);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /The pin would quarantine 1 of 1 agents: a1\.[\s\S]*--yes/);
  assert.match((await admin('approval', 'show', id)).stdout, /state\s+pending/);
  assert.match((await admin('approval', 'deny', id)).stdout, /is denied/);
  assert.equal((await pair.api('GET /agents/a1'))['state'], 'connected');
  const again = await request();
  assert.match((await admin('approval', 'approve', again, '--yes')).stdout, /was approved and is done/);
  assert.equal((await pair.api('GET /agents/a1'))['state'], 'quarantined');
});
