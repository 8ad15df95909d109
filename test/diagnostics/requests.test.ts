import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

type Probed = { readonly reach: string; readonly stages: readonly { stage: string; verdict: string }[] };

test('an operator checks a connector, probes a port, and reads logs and configuration', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    agent: { policy: { probe: { allow: [`127.0.0.1:${echo.address.port}`] } } },
  });

  const check = (await pair.api('POST /agents/a1/check', { connector: 'echo' })) as Probed;
  assert.equal(check.reach, 'ready');
  assert.deepEqual(
    check.stages.map(({ stage, verdict }) => `${stage} ${verdict}`),
    ['policy ok', 'dns ok', 'tcp ok', 'protocol skipped', 'tls skipped'],
  );

  const { port } = echo.address;
  const probed = (await pair.api('POST /agents/a1/probe', { host: '127.0.0.1', port })) as Probed;
  assert.equal(probed.reach, 'ready');
  const denied = (await pair.api('POST /agents/a1/probe', { host: '127.0.0.1', port: 1 })) as Probed;
  assert.equal(denied.reach, 'denied');
  assert.equal(denied.stages[0]?.verdict, 'failed');

  // The same, with each stage as it finishes.
  const { token } = await pair.api('POST /admin-tokens', { name: 'stages', role: 'operator' });
  const staged = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/api/v1/agents/a1/check`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/x-ndjson, application/json',
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({ connector: 'echo' }),
  });
  assert.match(staged.headers.get('content-type') ?? '', /^application\/x-ndjson/);
  const sent = (await staged.text()).trimEnd().split('\n');
  const [last, ...before] = sent.map((line) => JSON.parse(line)).reverse();
  assert.equal((last.result as Probed).reach, 'ready');
  assert.deepEqual(
    before.reverse().map(({ stage }) => `${stage.stage} ${stage.verdict}`),
    ['policy ok', 'dns ok', 'tcp ok'],
  );

  const { operations } = (await pair.api('GET /agents/a1')) as {
    operations: Record<string, { allowed: boolean; code?: string }>;
  };
  assert.deepEqual([operations['probe']?.allowed, operations['restart']?.code], [true, 'AGENT_REFUSED']);
  const history = await pair.api('GET /agents/a1/history');
  assert.equal(history['recorded'], true);

  const { lines } = (await pair.api('POST /agents/a1/logs', {})) as { lines: { event: string }[] };
  assert.ok(lines.some(({ event }) => event === 'session-ready'));
  const { config, content } = await pair.api('GET /agents/a1/config');
  assert.equal((config as { name: string }).name, 'a1');
  assert.deepEqual((content as { identity: unknown }).identity, {
    directory: `${pair.directory}/a1`,
    enrollmentToken: '${env:TOKEN}',
  });
});

test('an answer that is too large for the control stream is sent as a plain request', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  const daemon = pair.agents.get('a1');
  for (let line = 0; line < 1500; line += 1) {
    daemon?.log('connector-failing', { connector: `c${line}`, detail: 'x'.repeat(100) });
  }
  const { lines } = (await pair.api('POST /agents/a1/logs', { limit: 1500, level: 'warn' })) as {
    lines: { connector: string }[];
  };
  assert.equal(lines.length, 1500);
  assert.equal(lines.at(-1)?.connector, 'c1499');
  assert.ok(Buffer.byteLength(JSON.stringify(lines)) > 2 * 64 * 1024);
});

test("requests that the agent's policy denies are refused", async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    agent: { policy: { remote: { logs: 'deny' } } },
  });
  await assert.rejects(pair.api('POST /agents/a1/logs', {}), /AGENT_REFUSED.*policy\.remote\.logs/);
  await assert.rejects(pair.api('POST /agents/a1/restart'), /AGENT_REFUSED.*policy\.remote\.restart/);
  await assert.rejects(pair.api('POST /agents/a1/check', { connector: 'none' }), /NOT_FOUND/);
  await assert.rejects(pair.api('POST /agents/none/check', { connector: 'echo' }), /NOT_FOUND/);
  await pair.stopAgent('a1');
  await assert.rejects(pair.api('POST /agents/a1/check', { connector: 'echo' }), /AGENT_OFFLINE/);
});
