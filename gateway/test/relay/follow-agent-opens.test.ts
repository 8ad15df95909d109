import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FollowerMessage, OwnerMessage, PeerSession } from '@penstock/cluster';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { PeerDirectory } from '../../src/relay/peer-directory.ts';
import { quietDirectory } from './quiet-directory.ts';

test('opens by agent are asked for on every connection to a replica while they are wanted, and only then taken', () => {
  const taken: string[] = [];
  const directory = new PeerDirectory({
    ...quietDirectory,
    clock: fakeClock(),
    onAgentOpens: (items) => taken.push(...items.map(({ agent }) => agent)),
  });
  const connect = () => {
    const sent: FollowerMessage[] = [];
    const peer = {
      replica: { id: 'r2', epoch: 'e' },
      send: (message: FollowerMessage) => sent.push(message),
    };
    directory.opened(peer as unknown as PeerSession);
    return sent;
  };
  const tell = (agent: string) =>
    directory.received({
      type: 'agent-opens',
      items: [{ agent, opened: 1, failed: 0, durations: [1] }],
    } satisfies OwnerMessage);
  const on = { type: 'follow-agent-opens', on: true };

  const first = connect();
  tell('early');
  directory.followAgentOpens(true);
  directory.followAgentOpens(true);
  assert.deepEqual(first, [on]);
  tell('a1');
  directory.lost('closed');

  const second = connect();
  assert.deepEqual(second, [on]);
  tell('a2');
  directory.followAgentOpens(false);
  assert.deepEqual(second, [on, { ...on, on: false }]);
  tell('late');
  directory.lost('closed');

  assert.deepEqual(connect(), []);
  assert.deepEqual(taken, ['a1', 'a2']);
  directory.stop();
});
