import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf, expectReset } from '../data-path/client-of.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';

type Explanation = {
  verdict: { reach?: string; message: string; advice: string; command?: string; detail?: string };
  pools: { name: string; counts: object; agents: { name: string; skipReason?: string }[] }[];
  attempts: {
    outcome: string;
    client: string;
    connection?: { id: string; state: string };
    tries: { agent: string; outcome: string }[];
    skipped: { pool: string; agent?: string; reason: string }[];
  }[];
};

const explain = async (pair: Pair, connection: string) =>
  (await pair.api(`GET /connections/${connection}/explain`)) as unknown as Explanation;

test('an explanation names the failing stage, the agents tried, and why others were skipped', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { good: echo.address.port, bad: await unusedPort() },
    agents: { a1: 'dc1', b1: 'dc2' },
  });
  await expectReset(pair, 'bad');
  const bad = await explain(pair, 'bad');
  assert.equal(bad.verdict.reach, 'refused');
  const [failed] = bad.attempts;
  assert.equal(failed?.outcome, 'REFUSED');
  assert.equal(failed?.client, '127.0.0.1');
  assert.deepEqual(
    failed?.tries.map(({ agent, outcome }) => `${agent} ${outcome}`),
    ['a1 REFUSED', 'b1 REFUSED'],
  );

  const client = await clientOf(pair, 'good');
  client.send('x');
  assert.equal(String(await client.read(1)), 'x');
  const good = await explain(pair, 'good');
  assert.equal(good.verdict.reach, 'ready');
  assert.deepEqual(good.attempts[0]?.skipped, []);
  client.finish();
  await client.receive();

  await pair.stopAgent('a1');
  await pair.stopAgent('b1');
  await eventually(
    'both agents to be away',
    async () => (await explain(pair, 'good')).verdict.reach === 'offline',
  );
  const offline = await explain(pair, 'good');
  assert.match(offline.verdict.detail ?? '', /None of the 2 agents/);
  assert.deepEqual(
    offline.pools.map(({ name, agents }) => [
      name,
      agents.map((agent) => `${agent.name} ${agent.skipReason}`),
    ]),
    [
      ['dc1', ['a1 no-session']],
      ['dc2', ['b1 no-session']],
    ],
  );
});

test('a target that has died since the last client is not ready, and drained agents are not offline', async () => {
  await using _leaks = expectNoLeaks();
  await using stack = new AsyncDisposableStack();
  const echo = stack.use(await startEcho());
  await using pair = await startPair({ targets: { good: echo.address.port }, agents: { a1: 'dc1' } });
  const client = await clientOf(pair, 'good');
  client.send('x');
  assert.equal(String(await client.read(1)), 'x');
  assert.equal((await explain(pair, 'good')).verdict.reach, 'ready');
  client.finish();
  await client.receive();
  await stack.disposeAsync();
  // The result of the check that was just made is reused for two seconds.
  await eventually('the dead target to be noticed', async () => {
    const { verdict } = await explain(pair, 'good');
    return (
      verdict.reach === 'refused' && verdict.detail?.includes('a check made just now through a1') === true
    );
  });

  await pair.api('POST /agents/a1/drain');
  const drained = await explain(pair, 'good');
  assert.equal(drained.verdict.reach, 'unavailable');
  assert.equal(drained.verdict.message, 'The only agent of dc1, a1, is drained by an operator.');
  assert.equal(drained.verdict.command, 'penstock-gateway agent resume a1');
  assert.equal(drained.pools[0]?.agents[0]?.skipReason, 'drained');
  assert.deepEqual(drained.pools[0]?.counts, { drained: 1 });
});

test('explaining an unknown connection is refused', async () => {
  await using pair = await startPair({ targets: {}, agents: {} });
  await assert.rejects(explain(pair, 'nothing'), /NOT_FOUND|no connection nothing/);
});

test('a client that was lost is not ok, and one that is connected is shown as open', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { db: echo.address.port }, agents: { a1: 'dc1' } });
  await using lost = await clientOf(pair, 'db');
  assert.equal(await lost.echo('select'), 'select');
  lost.reset();
  const outcomes = async () =>
    (await explain(pair, 'db')).attempts.map(({ outcome, connection }) => `${outcome} ${connection?.state}`);
  await eventually('the loss to be explained', async () =>
    (await outcomes()).includes('CLIENT_RESET closed'),
  );
  await using client = await clientOf(pair, 'db');
  assert.equal(await client.echo('select'), 'select');
  assert.deepEqual(await outcomes(), ['ok open', 'CLIENT_RESET closed']);
  const { attempts } = await explain(pair, 'db');
  const { items } = await pair.api(`GET /connection-log?code=CLIENT_RESET`);
  assert.deepEqual(
    (items as { id: string }[]).map(({ id }) => id),
    [attempts[1]?.connection?.id],
  );
  assert.deepEqual(
    attempts[1]?.tries.map(({ outcome }) => outcome),
    ['ok'],
  );
});
