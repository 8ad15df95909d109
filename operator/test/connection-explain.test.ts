import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cliRig } from './cli-rig.ts';

type Explain = Awaited<ReturnType<typeof cliRig>>['api']['live']['explain'];

const explanation: NonNullable<ReturnType<Explain>> = {
  connection: 'orders',
  connector: 'orders-db',
  verdict: {
    reach: 'refused',
    message: 'The target refused the connection.',
    advice: 'Check that the service runs.',
    detail: 'Seen by a client through a1, 1m ago: ECONNREFUSED',
    at: Date.now() - 65_000,
    agent: 'a1',
  },
  pools: [
    {
      name: 'dc1',
      queue: { waiting: 2, limit: 64 },
      counts: { usable: 1, quarantined: 1 },
      agents: [
        {
          id: '1',
          name: 'a1',
          advice: '',
          detail: undefined,
          problem: undefined,
          isCheckable: true,
          connectors: [],
          state: 'connected',
          message: 'well',
          skipReason: undefined,
          streams: 3,
          evidence: { reach: 'refused', at: Date.now() - 65_000, from: 'client', detail: 'ECONNREFUSED' },
        },
        {
          id: '2',
          name: 'a2',
          advice: '',
          detail: undefined,
          problem: undefined,
          isCheckable: true,
          connectors: [],
          state: 'quarantined',
          message: 'differs',
          skipReason: 'quarantined',
          streams: 0,
          evidence: undefined,
        },
      ],
    },
    { name: 'dc2', queue: { waiting: 0, limit: 64 }, counts: {}, agents: [] },
  ],
  denials: { counts: {}, addresses: [] },
  source: undefined,
  attempts: [
    {
      client: '10.0.0.9',
      at: Date.now() - 65_000,
      milliseconds: 12.4,
      waited: 0,
      failure: { code: 'REFUSED', detail: 'ECONNREFUSED' },
      tries: [
        { agent: 'a1', pool: 'dc1', milliseconds: 12, failure: { code: 'REFUSED', detail: 'ECONNREFUSED' } },
      ],
      skipped: [
        { pool: 'dc1', agent: 'a2', reason: 'suspended' },
        { pool: 'dc2', agent: undefined, reason: 'no-agent' },
      ],
    },
  ],
};

test('an explanation shows the verdict, the agents, and recent attempts', async () => {
  await using rig = await cliRig('viewer');
  rig.api.live.explain = (name) => (name === 'orders' ? explanation : undefined);
  const { stdout, exitCode } = await rig.cli('connection', 'explain', 'orders');
  assert.equal(exitCode, 4);
  const lines = stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '));
  assert.deepEqual(lines, [
    'orders → dc1, dc2 → orders-db',
    'refused: The target refused the connection.',
    'Seen by a client through a1, 1m ago: ECONNREFUSED',
    'Check that the service runs.',
    'Agents: 1 usable, 1 quarantined.',
    '',
    'POOL | QUEUE | AGENT | STATE | FOR A NEW CLIENT | STREAMS | TARGET | SOURCE',
    'dc1 | 2 of 64 | a1 | connected | Would be used. | 3 | refused | client, 1m ago',
    'dc1 | 2 of 64 | a2 | quarantined | The agent is quarantined. | 0 | - | -',
    'dc2 | 0 of 64 | - | no agents enrolled | - | - | - | -',
    '',
    'ATTEMPT | CLIENT | OUTCOME | TOOK | WAITED | TRIED | SKIPPED | DETAIL',
    '1m ago | 10.0.0.9 | REFUSED | 12 ms | - | a1: REFUSED | a2: suspended, dc2: no-agent | ECONNREFUSED',
    '',
  ]);
  const asJson = await rig.cli('connection', 'explain', 'orders', '--output', 'json');
  assert.equal(asJson.exitCode, 4);
  assert.equal((JSON.parse(asJson.stdout) as { verdict: { reach: string } }).verdict.reach, 'refused');
  const unknown = await rig.cli('connection', 'explain', 'nothing');
  assert.deepEqual([unknown.exitCode, /no connection nothing/.test(unknown.stderr)], [1, true]);
});

test('the exit code is 0 only when the connection is known to be ready', async () => {
  await using rig = await cliRig('viewer');
  const codeOf = async (reach: typeof explanation.verdict.reach, ...more: string[]) => {
    rig.api.live.explain = () => ({ ...explanation, verdict: { ...explanation.verdict, reach } });
    return (await rig.cli('connection', 'explain', 'orders', ...more)).exitCode;
  };
  assert.deepEqual(
    [await codeOf('ready'), await codeOf(undefined), await codeOf('unavailable'), await codeOf('refused')],
    [0, 4, 4, 4],
  );
  assert.equal(await codeOf(undefined, '--output', 'json'), 4);
  assert.equal(await codeOf('ready', '--output', 'json'), 0);
});

test('denied clients and the client that was asked about are shown', async () => {
  await using rig = await cliRig('viewer');
  const asked: (string | undefined)[] = [];
  rig.api.live.explain = (_name, client) => {
    asked.push(client);
    return {
      ...explanation,
      attempts: [],
      denials: {
        counts: { 'source-not-allowed': 3, 'grant-expired': 1 },
        addresses: [
          {
            address: '203.0.113.9',
            at: Date.now() - 65_000,
            count: 3,
            reason: 'source-not-allowed',
            detail: '',
            ingress: undefined,
          },
          {
            address: '10.0.0.9',
            at: Date.now() - 125_000,
            count: 1,
            reason: 'grant-expired',
            detail: '',
            ingress: '0.0.0.0:1080',
          },
        ],
      },
      source: {
        address: '203.0.113.9',
        ingresses: [
          {
            kind: 'tcp',
            listen: '0.0.0.0:5432',
            host: undefined,
            allow: ['10.0.0.0/8'],
            range: undefined,
            needsGrant: false,
          },
          {
            kind: 'socks5',
            listen: '[::]:1080',
            host: undefined,
            allow: ['203.0.113.0/24'],
            range: '203.0.113.0/24',
            needsGrant: true,
          },
        ],
      },
    };
  };
  const { stdout } = await rig.cli('connection', 'explain', 'orders', '--client', '203.0.113.9');
  assert.deepEqual(asked, ['203.0.113.9']);
  const lines = stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '));
  for (const line of [
    '0.0.0.0:5432 tcp | 203.0.113.9 | denied | not in 10.0.0.0/8',
    '[::]:1080 socks5 | 203.0.113.9 | allowed, with a grant | 203.0.113.0/24',
    'No client was admitted since the gateway started. Clients were denied: see below.',
    'Clients denied since the gateway started: 3 source-not-allowed, 1 grant-expired.',
    '1m ago | 203.0.113.9 | 3 | source-not-allowed | The address of the client is not in the allow list of the ingress.',
  ]) {
    assert.ok(lines.includes(line), `${line}\n\n${stdout}`);
  }
  const wrong = await rig.cli('connection', 'explain', 'orders', '--client', 'app.internal');
  assert.match(wrong.stderr, /client is app\.internal, which is not an IP address/);
});
