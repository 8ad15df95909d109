import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { agentOf, stateOf } from './agent-of.ts';

const quick = { health: { heartbeatInterval: '200ms' }, tunnel: { pingTimeout: '2s' } };
const alerting = {
  alerts: [{ condition: 'identity-cloned', receivers: ['nobody'] }],
  receivers: [{ name: 'nobody', webhook: '${env:NOBODY}' }],
};

test('a copied identity is quarantined while both processes are connected, and recovers when one has left', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    environment: { NOBODY: `http://127.0.0.1:${await unusedPort()}/` },
    gateway: { ...quick, ...alerting },
  });
  const original = pair.agents.get('a1');
  const directory = join(pair.directory, 'copy');
  await cp(join(pair.directory, 'a1'), directory, { recursive: true });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => original?.stop());
  await pair.startAgent('a1', { identity: { directory } });
  const cloned = await stateOf(pair, 'a1', 'quarantined');
  assert.equal(cloned.code, 'CLONED_IDENTITY');
  assert.equal(cloned.boots.length, 2);
  const { condition, subject } = await pair.event('alert-fired', { past: true });
  assert.deepEqual([condition, subject], ['identity-cloned', 'agent:a1']);
  for (const { id } of cloned.boots) assert.ok((cloned.detail ?? '').includes(id), id);
  await original?.stop();
  const healed = await stateOf(pair, 'a1', 'connected');
  assert.equal(healed.boots.length, 1);
});

test('an agent that is restarted repeatedly is never mistaken for a clone', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' }, gateway: quick });
  for (let count = 0; count < 4; count += 1) {
    await pair.stopAgent('a1');
    await pair.startAgent('a1');
    await pair.connected('a1');
  }
  assert.equal((await agentOf(pair, 'a1')).state, 'connected');
  const states = pair.logged.filter(({ event }) => event === 'agent-state-changed').map(({ state }) => state);
  assert.equal(states.includes('quarantined'), false, states.join(', '));
});
