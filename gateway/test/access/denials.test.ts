import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayConfig } from '@penstock/config-schema';
import { Denials } from '../../src/access/denials.ts';

type Connection = GatewayConfig['connections'][number];

const connection = (name: string, port: number) =>
  ({ name, ingress: [{ kind: 'socks5', listen: { host: '0.0.0.0', port } }] }) as unknown as Connection;

function scene() {
  let now = 0;
  const denials = new Denials(() => now);
  denials.apply({
    connections: [connection('orders', 1080), connection('billing', 1080), connection('x', 1081)],
  });
  return {
    denials,
    deny(address: string, to: { connection?: string; ingress?: string }) {
      now += 1;
      denials.add({
        address,
        reason: 'source-not-allowed',
        detail: 'd'.repeat(1000),
        connection: to.connection,
        ingress: to.ingress,
      });
    },
  };
}

test('denials are counted by connection, or by ingress where the connection is not known', () => {
  const { denials, deny } = scene();
  deny('10.0.0.1', { connection: 'orders', ingress: '0.0.0.0:1080' });
  deny('10.0.0.1', { connection: 'orders', ingress: '0.0.0.0:1080' });
  deny('10.0.0.2', { ingress: '0.0.0.0:1080' });
  assert.deepEqual(
    [...denials.counts()],
    [
      { connection: 'orders', reason: 'source-not-allowed', count: 2 },
      { connection: undefined, reason: 'source-not-allowed', count: 1 },
    ],
    'each client once',
  );
  const { counts, addresses } = denials.of('orders');
  assert.deepEqual(counts, { 'source-not-allowed': 3 });
  assert.deepEqual(
    addresses.map(({ address, count, at, ingress }) => [address, count, at, ingress]),
    [
      ['10.0.0.2', 1, 3, '0.0.0.0:1080'],
      ['10.0.0.1', 2, 2, undefined],
    ],
  );
  assert.deepEqual(denials.of('billing').counts, { 'source-not-allowed': 1 });
  assert.deepEqual(denials.of('x'), { counts: {}, addresses: [] });
  assert.deepEqual([denials.totalOf('orders'), denials.totalOf('billing')], [2, 0]);
});

test('a flood of addresses keeps the newest ones and every count', () => {
  const { denials, deny } = scene();
  for (let index = 0; index < 5_000; index += 1)
    deny(`10.0.${index >> 8}.${index & 255}`, { connection: 'x' });
  const { counts, addresses } = denials.of('x');
  assert.deepEqual(counts, { 'source-not-allowed': 5_000 });
  assert.equal(addresses.length, 10);
  assert.equal(addresses[0]?.address, `10.0.${4_999 >> 8}.${4_999 & 255}`);
  assert.equal(addresses[0]?.detail.length, 300);
});

test('names that clients choose are never kept, and neither is a connection that was removed', () => {
  const { denials, deny } = scene();
  deny('10.0.0.1', { connection: 'made-up', ingress: 'elsewhere:1' });
  assert.deepEqual([...denials.counts()], []);
  deny('10.0.0.1', { connection: 'orders' });
  denials.apply({ connections: [connection('x', 1081)] });
  denials.apply({ connections: [connection('orders', 1080)] });
  assert.deepEqual(denials.of('orders'), { counts: {}, addresses: [] });
});
