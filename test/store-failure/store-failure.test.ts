import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { clientOf } from '../data-path/client-of.ts';
import type { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { mountSmallDisk, skipWithoutMount } from '../rig/small-disk.ts';
import { startEcho } from '../rig/targets.ts';

/** Time within which the API responds during an outage of the store, as docs/api.md promises. */
const MAX_RESPONSE_MS = 15_000;

type Answer = {
  readonly status: number;
  readonly code?: string;
  readonly detail?: string;
  readonly milliseconds: number;
};

/** Makes an API request that writes to the store. */
async function change(pair: Pair): Promise<Answer> {
  const started = performance.now();
  const answer = await pair
    .api('POST /enrollment-tokens', { pool: 'dc1' })
    .then(() => ({ status: 201 }))
    .catch((error: Error) => {
      const [, status = '0', problem = '{}'] = /answered (\d+): (.*)$/s.exec(error.message) ?? [];
      return { ...(JSON.parse(problem) as { code: string; detail: string }), status: Number(status) };
    });
  return { ...answer, milliseconds: performance.now() - started };
}

async function readiness(pair: Pair): Promise<{ status: number; reasons: readonly string[] }> {
  const answer = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/readyz`, {
    headers: { connection: 'close' },
  });
  const { reasons } = (await answer.json()) as { reasons: string[] };
  return { status: answer.status, reasons };
}

async function echoes(client: TestClient, text: string): Promise<void> {
  client.send(text);
  assert.equal(String(await client.read(text.length)), text);
}

type Failure = {
  /** The reason that the API and /readyz give. */
  readonly reason: RegExp;
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
};

/** Established connections continue, new ones open, the API gives the reason, and everything recovers after the outage. */
async function survives(pair: Pair, { reason, begin, end }: Failure): Promise<void> {
  assert.equal((await change(pair)).status, 201);
  const live = await clientOf(pair, 'db');
  await echoes(live, 'before');

  await begin();
  const refused = await eventually(
    'the API to notice',
    async () => {
      const answer = await change(pair);
      return answer.status === 503 && answer;
    },
    { within: 60_000 },
  );
  assert.equal(refused.code, 'STORE_UNAVAILABLE');
  assert.match(refused.detail ?? '', reason);
  assert.ok(refused.milliseconds < MAX_RESPONSE_MS, `${refused.milliseconds} ms`);
  const during = await readiness(pair);
  assert.equal(during.status, 200, 'clients are served, so a load balancer must keep sending them');
  assert.match(during.reasons.join(), reason);
  // The list of agents is served from memory.
  const { items } = await pair.api('GET /agents');
  assert.deepEqual(
    (items as { name: string; state: string }[]).map(({ name, state }) => `${name} ${state}`),
    ['a1 connected'],
  );
  await echoes(live, 'while it fails');
  const fresh = await clientOf(pair, 'db');
  await echoes(fresh, 'new while it fails');

  await end();
  await pair.event('store-recovered', { past: true });
  assert.equal((await change(pair)).status, 201);
  assert.deepEqual(await readiness(pair), { status: 200, reasons: [] });
  for (const client of [live, fresh]) {
    await echoes(client, 'afterwards');
    client.finish();
    await client.receive();
  }
  assert.ok(pair.logged.some(({ event }) => event === 'store-failed'));
}

test('outage: another process locks the store', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  using other = new DatabaseSync(join(pair.gatewayConfig.dataDirectory, 'store.sqlite'));
  await survives(pair, {
    reason: /another process has locked it/,
    begin: () => other.exec('begin immediate'),
    end: () => other.exec('rollback'),
  });
});

test('outage: the file of the store is moved away and put back', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  const file = join(pair.gatewayConfig.dataDirectory, 'store.sqlite');
  await survives(pair, {
    reason: /removed, emptied or replaced/,
    begin: () => rename(file, `${file}.away`),
    end: () => rename(`${file}.away`, file),
  });
});

test('outage: the disk is full', { skip: skipWithoutMount() }, async () => {
  await using _leaks = expectNoLeaks();
  await using disk = mountSmallDisk();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { db: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { dataDirectory: join(disk.path, 'gateway') },
  });
  await survives(pair, {
    reason: /disk of its data directory is full/,
    begin: () => disk.fill(),
    end: () => disk.makeRoom(),
  });
});
