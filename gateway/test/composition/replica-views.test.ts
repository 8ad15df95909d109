import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member, OwnerMessage, PeerSession } from '@penstock/cluster';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { othersOf, replicaViews } from '../../src/composition/replica-views.ts';
import { PeerDirectory } from '../../src/relay/peer-directory.ts';
import { quietDirectory } from '../relay/quiet-directory.ts';

const member = (id: string): Member => ({
  id,
  epoch: `${id}-epoch`,
  address: '127.0.0.1:8444',
  spki: '',
  version: '1.0.0',
  configDigest: '',
  state: 'running',
  idSlot: 0,
  startedAt: 0,
  expiresAt: 0,
  isExpired: false,
});

function setUp() {
  const members = [member('r1'), member('r2')];
  const directory = new PeerDirectory({ ...quietDirectory, clock: fakeClock() });
  const rig = { link: 'connecting' as 'connecting' | 'connected' };
  const sources = {
    epoch: 'r1-epoch',
    members: () => members,
    states: () => new Map([['r2-epoch', rig.link]]),
    directories: new Map([['r2-epoch', directory]]),
    registry: { localSessions: new Set<never>() },
  };
  const others = () => othersOf(sources)?.map(({ sessions }) => sessions);
  const links = () => replicaViews(sources).map(({ link }) => link);
  return { directory, rig, others, links };
}

const session = (id: string): OwnerMessage[] => [
  { type: 'connectors', seq: 2, key: 'k', connectors: [] },
  {
    type: 'session',
    seq: 3,
    session: {
      id,
      identity: { agentId: 'a1', name: 'a1', pool: 'dc1', organization: 'o' },
      state: 'ready',
      address: '127.0.0.1',
      openedAt: 0,
      load: 0,
      hello: {},
      connectors: 'k',
    },
  } as unknown as OwnerMessage,
];

test('a peer that is connected again counts only when it has described all its sessions', () => {
  const { directory, rig, others, links } = setUp();
  const peer = { replica: member('r2'), send() {} } as unknown as PeerSession;
  const describe = () => {
    directory.received({ type: 'snapshot', seq: 1 } as OwnerMessage);
    for (const message of session('s1')) directory.received(message);
    assert.equal(others(), undefined, 'in the middle of its snapshot');
    directory.received({ type: 'snapshot-end', seq: 4 } as OwnerMessage);
  };
  for (const time of ['first', 'second']) {
    directory.opened(peer);
    rig.link = 'connected';
    assert.equal(others(), undefined, `connected for the ${time} time, and nothing said`);
    assert.deepEqual(links(), ['self', 'connecting']);
    describe();
    assert.deepEqual(others(), [1]);
    assert.deepEqual(links(), ['self', 'connected']);
    directory.lost('closed');
    rig.link = 'connecting';
    assert.equal(others(), undefined);
  }
  directory.stop();
});
