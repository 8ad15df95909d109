import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateGrantSecret, TunnelError } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import type { GrantTerms } from '../../src/access/active-grant.ts';
import { GrantTable } from '../../src/access/grant-table.ts';

const HOUR = 3_600_000;

function scene() {
  const clock = { now: Date.now() };
  const table = new GrantTable(() => clock.now);
  return {
    clock,
    table,
    /** Adds a grant for `orders` that expires in an hour; returns its secret. */
    add(terms: Partial<GrantTerms> = {}): string {
      const { grant, hash } = generateGrantSecret();
      const defaults = {
        name: 'etl',
        connections: ['orders'],
        sources: undefined,
        maxConnections: undefined,
      };
      table.add([{ id: hash.slice(0, 20), hash, expiresAt: clock.now + HOUR, ...defaults, ...terms }]);
      return grant;
    },
    [Symbol.dispose]: () => table.close(),
  };
}

const isFull = (error: unknown) => error instanceof TunnelError && error.code === 'LIMIT_EXCEEDED';

test('a grant is found in any case, with and without its prefix, and not by anything else', () => {
  using rig = scene();
  const grant = rig.add({ id: 'g1' });
  const secret = grant.slice('pst_grant_'.length);
  for (const text of [grant, grant.toUpperCase(), secret, secret.toUpperCase()]) {
    assert.equal(rig.table.find(text)?.id, 'g1', text);
  }
  const { grant: unknown } = generateGrantSecret();
  for (const text of ['', 'pst_grant_', secret.slice(1), `${secret}a`, `x${grant}`, ` ${grant}`, unknown]) {
    assert.equal(rig.table.find(text), undefined, text);
  }
});

test('a grant permits its connections, from its sources', () => {
  using rig = scene();
  const found = rig.table.find(rig.add({ connections: ['orders', 'billing'], sources: ['10.0.0.0/8'] }));
  assert.equal(found?.permits('orders', '10.1.2.3'), true);
  assert.equal(found?.permits('billing', '::ffff:10.1.2.3'), true);
  assert.equal(found?.permits('orders', '192.0.2.1'), false);
  assert.equal(found?.permits('others', '10.1.2.3'), false);
});

test('maxConnections bounds concurrent uses, and releasing a use twice frees one place', () => {
  using rig = scene();
  const found = rig.table.find(rig.add({ id: 'g1', maxConnections: 1 }));
  const use = found?.use();
  assert.equal(rig.table.usesOf('g1'), 1);
  assert.throws(() => found?.use(), isFull);
  use?.release();
  use?.release();
  found?.use();
  assert.throws(() => found?.use(), isFull);
});

test('revoking a grant aborts its uses and removes it', () => {
  using rig = scene();
  const grant = rig.add({ id: 'g1' });
  const use = rig.table.find(grant)?.use();
  rig.table.revoke('g1');
  assert.equal(use?.signal.aborted, true);
  assert.match(String(use?.signal.reason), /g1 was revoked/);
  assert.equal(rig.table.find(grant), undefined);
  assert.deepEqual([rig.table.size, rig.table.usesOf('g1')], [0, 0]);
  rig.table.revoke('g1');
});

test('a grant is not found once it has expired, even before the expiry check', () => {
  using rig = scene();
  const grant = rig.add();
  assert.notEqual(rig.table.find(grant), undefined);
  rig.clock.now += HOUR;
  assert.equal(rig.table.find(grant), undefined);
});

test('a grant that expired while the host slept, or by a clock change, aborts its uses', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  using rig = scene();
  const use = rig.table.find(rig.add())?.use();
  context.mock.timers.tick(60_000);
  assert.equal(use?.signal.aborted, false);
  rig.clock.now += HOUR;
  context.mock.timers.tick(60_000);
  assert.equal(use?.signal.aborted, true);
});

test('expiry aborts the uses on time', async () => {
  const table = new GrantTable();
  const { grant, hash } = generateGrantSecret();
  const expiresAt = Date.now() + 300;
  table.add([
    {
      id: 'g1',
      hash,
      name: 'etl',
      connections: ['orders'],
      sources: undefined,
      maxConnections: 1,
      expiresAt,
    },
  ]);
  const use = table.find(grant)?.use();
  assert.equal(use?.signal.aborted, false);
  // The table's timer is unreferenced; the test must keep the process alive.
  await eventually('the use to be aborted', () => use?.signal.aborted === true);
  table.close();
});

test('the table knows why a grant has ended, and nothing about grants it never had', () => {
  using rig = scene();
  const [active, revoked, expired] = [
    rig.add(),
    rig.add({ id: 'r' }),
    rig.add({ expiresAt: rig.clock.now + 1 }),
  ];
  rig.table.revoke('r');
  rig.clock.now += 2;
  const { grant: earlier, hash } = generateGrantSecret();
  rig.table.addEnded([{ hash, end: 'expired' }]);
  assert.deepEqual(
    [active, revoked, expired, earlier, generateGrantSecret().grant, 'x'].map((text) =>
      rig.table.endOf(text),
    ),
    [undefined, 'revoked', 'expired', 'expired', undefined, undefined],
  );
});
