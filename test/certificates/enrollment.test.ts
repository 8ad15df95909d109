import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProblemCode } from '@penstock/wire';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';

type TokenRequest = Readonly<Record<string, unknown>>;

const createToken = (pair: Pair, request: TokenRequest) =>
  pair.api('POST /enrollment-tokens', { pool: 'dc1', uses: 1, ...request });

/** Each reason to refuse an enrollment: the preparation, and what the agent logs. */
const refusals: readonly (readonly [
  code: ProblemCode,
  words: RegExp,
  prepare: (pair: Pair) => Promise<{ token: string; name?: string }>,
])[] = [
  ['TOKEN_UNKNOWN', /does not exist/, async () => ({ token: `pst_enroll_${'x'.repeat(40)}` })],
  [
    'TOKEN_EXPIRED',
    /expired at .* new one/,
    async (pair) => {
      const made = await createToken(pair, { ttlSeconds: 1 });
      await eventually('it to expire', () => Date.now() > Date.parse(String(made['expiresAt'])));
      return { token: String(made['token']) };
    },
  ],
  [
    'TOKEN_REVOKED',
    /revoked/,
    async (pair) => {
      const made = await createToken(pair, {});
      await pair.api(`DELETE /enrollment-tokens/${made['id']}`);
      return { token: String(made['token']) };
    },
  ],
  [
    'TOKEN_EXHAUSTED',
    /no uses left/,
    async (pair) => {
      const token = String((await createToken(pair, {}))['token']);
      pair.environment['TOKEN_OF_FIRST'] = token;
      await pair.startAgent('first', { identity: { enrollmentToken: '${env:TOKEN_OF_FIRST}' } });
      await pair.connected('first');
      return { token };
    },
  ],
  [
    'TOKEN_WRONG_POOL',
    /for the pool dc2, not dc1/,
    async (pair) => ({ token: String((await createToken(pair, { pool: 'dc2' }))['token']) }),
  ],
  [
    'TOKEN_WRONG_NAME',
    /agents named orders-\*, not late/,
    async (pair) => ({ token: String((await createToken(pair, { namePattern: 'orders-*' }))['token']) }),
  ],
  [
    'TOKEN_WRONG_SOURCE',
    /used from 10\.0\.0\.0\/8; the gateway sees .*127\.0\.0\.1/,
    async (pair) => ({ token: String((await createToken(pair, { sources: ['10.0.0.0/8'] }))['token']) }),
  ],
  [
    'NAME_TAKEN',
    /a1 is connected with another key.*revoke a1/,
    async (pair) => {
      await pair.startAgent('a1');
      await pair.connected('a1');
      return { token: pair.token, name: 'a1' };
    },
  ],
];

for (const [code, words, prepare] of refusals) {
  test(`an enrollment refused with ${code} is logged by the agent and retried slowly`, async () => {
    await using _leaks = expectNoLeaks();
    await using pair = await startPair({
      targets: {},
      agents: {},
      gateway: { pools: [{ name: 'dc1' }, { name: 'dc2' }] },
      agent: { tunnel: { reconnect: { base: '50ms', max: '60s' } } },
    });
    const { token, name = 'late' } = await prepare(pair);
    pair.environment['LATE_TOKEN'] = token;
    const failed = pair.event('enrollment-failed');
    const daemon = await pair.startAgent('late', {
      name,
      identity: { enrollmentToken: '${env:LATE_TOKEN}' },
    });
    const entry = await failed;
    assert.equal(entry['code'], code);
    assert.match(String(entry['detail']), words);
    assert.ok(Number(entry['retryIn']) >= 30_000);
    assert.equal(daemon.status().ready, false);
    assert.ok(!JSON.stringify(pair.logged).includes(token), 'no log line has the token');
  });
}

test('an enrollment with a lost answer is repeated with the same key and creates one agent', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: {} });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  const { token } = await createToken(pair, {});
  pair.environment['ONE_USE'] = String(token);
  const cut = pair.event('agent-enrolled').then(() => relay.cut());
  await pair.startAgent('a1', {
    gateway: { url: `https://127.0.0.1:${relay.address.port}` },
    identity: { enrollmentToken: '${env:ONE_USE}' },
  });
  await cut;
  await pair.connected('a1');
  const enrolled = pair.logged.filter(({ event }) => event === 'agent-enrolled');
  assert.equal(enrolled.length, 2);
  assert.equal(new Set(enrolled.map(({ agentId }) => agentId)).size, 1);
});

test('a corrected token is tried immediately, whatever the current delay', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    agent: { tunnel: { reconnect: { base: '10m', max: '1h' } } },
  });
  pair.environment['WRONG'] = `pst_enroll_${'x'.repeat(40)}`;
  const failed = pair.event('enrollment-failed');
  const daemon = await pair.startAgent('a1', { identity: { enrollmentToken: '${env:WRONG}' } });
  await failed;
  daemon.apply(pair.agentConfig('a1', { version: 2 }));
  await pair.connected('a1');
});
