import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { agentOf, stateOf } from './agent-of.ts';

const clientOf = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });

/** The agents that carried the clients connected since `from`. */
const carriers = (pair: Pair, from: number) =>
  new Set(
    pair.logged
      .slice(from)
      .filter(({ event }) => event === 'connection-opened')
      .map(({ agent }) => agent),
  );

test('a drained agent receives no new opens and keeps its connections, across a restart of the gateway too', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  await using live = await clientOf(pair);
  assert.equal(await live.echo('one'), 'one');
  await pair.startAgent('a2');
  await pair.connected('a2');
  assert.equal((await pair.api('POST /agents/a1/drain'))['state'], 'draining');
  assert.equal(await live.echo('two'), 'two');
  await eventually(
    'the agent to be notified',
    () => pair.agents.get('a1')?.status().agentState === 'draining',
  );
  let from = pair.logged.length;
  for (let count = 0; count < 10; count += 1) {
    await using client = await clientOf(pair);
    assert.equal(await client.echo('hello'), 'hello');
  }
  assert.deepEqual([...carriers(pair, from)], ['a2']);

  await pair.gateway.stop();
  await pair.restartGateway();
  for (const name of ['a1', 'a2']) await pair.connected(name);
  assert.equal((await stateOf(pair, 'a1', 'draining')).code, 'DRAINED_BY_OPERATOR');
  from = pair.logged.length;
  for (let count = 0; count < 10; count += 1) {
    await using client = await clientOf(pair);
    assert.equal(await client.echo('hello'), 'hello');
  }
  assert.deepEqual([...carriers(pair, from)], ['a2']);

  await pair.api('POST /agents/a1/resume');
  assert.equal((await agentOf(pair, 'a1')).state, 'connected');
  await pair.stopAgent('a2');
  await using client = await clientOf(pair);
  assert.equal(await client.echo('resumed', 15_000), 'resumed');
});
