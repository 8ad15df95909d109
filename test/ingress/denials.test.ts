import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { expectReset } from '../data-path/client-of.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { grantFor, startProxyPair } from './proxy-pair.ts';
import { connectSocks5 } from './socks5-client.ts';

type Explanation = {
  verdict: { reach?: string; detail?: string };
  attempts: unknown[];
  denials: {
    total: number;
    reasons: { reason: string; count: number }[];
    addresses: { address: string; count: number; reason: string; ingress?: string }[];
  };
  client?: { ingress: { allowed: boolean; range?: string }[] };
};

const explain = async (pair: Pair, connection: string, query = '') =>
  (await pair.api(`GET /connections/${connection}/explain${query}`)) as unknown as Explanation;

/** The counter of denied clients, by the labels of each line. */
async function deniedMetric(pair: Pair): Promise<Record<string, number>> {
  const response = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/metrics`, {
    headers: { connection: 'close' },
  });
  const lines = (await response.text()).matchAll(/^penstock_gateway_clients_denied_total\{(.+)\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, labels, value]) => [labels, Number(value)]));
}

async function socks(
  pair: Pair,
  options: { port?: number; password?: string; localAddress?: string; host?: string },
): Promise<number> {
  const { host = 'db', port = pair.port('db'), ...rest } = options;
  const { reply, client } = await connectSocks5({ user: 'x', password: 'x', ...rest, host, port });
  await client[Symbol.asyncDispose]();
  return reply;
}

test('a client outside allow is counted, shown with its address, and distinguished from an allowed client', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: { db: 1 },
    agents: { a1: 'dc1' },
    gateway: {
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['10.0.0.0/8', '192.0.2.0/24'] }],
        },
      ],
    },
  });
  await expectReset(pair, 'db');
  await expectReset(pair, 'db');
  const { denials, attempts, verdict } = await explain(pair, 'db');
  assert.deepEqual(attempts, []);
  assert.deepEqual(denials.reasons, [{ reason: 'source-not-allowed', count: 2 }]);
  assert.deepEqual(
    denials.addresses.map(({ address, count, ingress }) => [address, count, ingress]),
    [['127.0.0.1', 2, undefined]],
  );
  assert.match(verdict.detail ?? '', /The newest client, 127\.0\.0\.1, was denied/);
  assert.deepEqual(await deniedMetric(pair), { 'connection="db",reason="source-not-allowed"': 2 });
  const { items } = (await pair.api('GET /connections')) as unknown as { items: { deniedTotal: number }[] };
  assert.equal(items[0]?.deniedTotal, 2);

  const denied = await explain(pair, 'db', '?client=127.0.0.1');
  assert.deepEqual([denied.verdict.reach, denied.client?.ingress[0]?.allowed], ['not-allowed', false]);
  for (const address of ['192.0.2.7', '::ffff:192.0.2.7']) {
    const allowed = await explain(pair, 'db', `?client=${address}`);
    assert.notEqual(allowed.verdict.reach, 'not-allowed', address);
    assert.deepEqual(
      [allowed.client?.ingress[0]?.allowed, allowed.client?.ingress[0]?.range],
      [true, '192.0.2.0/24'],
    );
  }
  await assert.rejects(explain(pair, 'db', '?client=app'), /not an IP address/);
});

test('grants that are missing, unknown, expired, revoked or not permitted are counted by reason', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProxyPair({
    targets: { db: 1, other: 1 },
    ingress: { socks5: { listen: '127.0.0.1:0' } },
  });
  const revoked = await grantFor(pair, ['db']);
  await pair.api(`DELETE /grants/${revoked.id}`);
  const elsewhere = await grantFor(pair, ['other']);
  for (const password of [undefined, `pst_grant_${'a'.repeat(26)}`, revoked.grant, elsewhere.grant]) {
    assert.equal(await socks(pair, password === undefined ? {} : { password }), 2);
  }
  assert.equal(await socks(pair, { host: 'elsewhere.example.com', password: elsewhere.grant }), 2);
  const expected = {
    'connection="db",reason="grant-missing"': 1,
    'connection="db",reason="grant-unknown"': 1,
    'connection="db",reason="grant-revoked"': 1,
    'connection="db",reason="grant-not-permitted"': 1,
  };
  const counted = await deniedMetric(pair);
  for (const [labels, count] of Object.entries(expected)) assert.equal(counted[labels], count, labels);
  // A request for something else belongs to no connection, and is shown for all that share the ingress.
  assert.equal(
    counted['connection="",reason="connection-unknown"'] ?? counted['connection="",reason="no-agent"'],
    1,
  );
  const { denials } = await explain(pair, 'other');
  assert.equal(denials.total, 1);
  assert.equal(denials.addresses[0]?.ingress, '127.0.0.1:0');

  // The gateway still knows after a restart that the grant was revoked.
  await pair.gateway.stop();
  await pair.restartGateway();
  assert.equal(await socks(pair, { password: revoked.grant }), 2);
  assert.deepEqual(await deniedMetric(pair), { 'connection="db",reason="grant-revoked"': 1 });
});

test('an HTTP client without a grant is counted as such', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProxyPair({
    targets: { db: 1 },
    ingress: { httpConnect: { listen: '127.0.0.1:0' }, tls: 'off' },
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request({ host: '127.0.0.1', port: pair.port('db'), method: 'CONNECT', path: 'db:1', agent: false })
    .once('connect', ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    })
    .once('error', reject)
    .end();
  assert.equal(await promise, 407);
  assert.deepEqual(await deniedMetric(pair), { 'connection="db",reason="grant-requested"': 1 });
  assert.deepEqual((await explain(pair, 'db')).denials.reasons, [{ reason: 'grant-requested', count: 1 }]);
  assert.ok(!pair.logged.some(({ event }) => event === 'client-denied'));
});
