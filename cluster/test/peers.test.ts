import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Stream, ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { publicKeyHash, TunnelError } from '@penstock/wire';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import type { Member } from '../src/membership.ts';
import { openPeerListener, type PeerService } from '../src/peer-listener.ts';
import { EPOCH_HEADER, peerPaths } from '../src/peer-paths.ts';
import { PeerSession } from '../src/peer-session.ts';
import { Peers } from '../src/peers.ts';

const common = { windows: new WindowBudget(1 << 28), ping: { interval: 1_000, timeout: 15_000 } };
const authority = await TestAuthority.create('nobody asks for it');

async function replicaKey(commonName: string) {
  const { certificate, key } = await authority.issue({ commonName });
  const spki = publicKeyHash(new X509Certificate(certificate).publicKey).toString('hex');
  return { certificate, key, spki };
}

const member = (id: string, address: string, spki: string): Member => ({
  id,
  epoch: `${id}-1`,
  address,
  spki,
  version: '0.1.0',
  configDigest: '',
  state: 'running',
  idSlot: 0,
  startedAt: 0,
  expiresAt: 0,
  isExpired: false,
});

const service = (onAsked: () => void, onClosed: () => void): PeerService => {
  const answer = (stream: ServerHttp2Stream) => {
    onAsked();
    stream.respond({ ':status': 200 }, { endStream: true });
  };
  return {
    directory(stream) {
      onAsked();
      stream.respond({ ':status': 200 });
    },
    relay: answer,
    request: answer,
    cancel: answer,
    query: answer,
    closed: onClosed,
  };
};

/** `r1` follows `r2`, which listens. `rows`: the table as `r2` has read it; `members`: as `r1` has. */
async function start() {
  await using starting = new AsyncDisposableStack();
  const [own, others] = [await replicaKey('r1'), await replicaKey('r2')];
  const rows = [member('r1', '', own.spki)];
  const seen = { accepted: 0, asked: 0, closed: 0, opened: 0, lost: 0, left: 0, stopped: 0 };
  const listener = await openPeerListener({
    ...common,
    listen: { host: '127.0.0.1', port: 0 },
    certificate: others,
    epoch: 'r2-1',
    replicaOf: (isKey) => rows.find(({ spki }) => isKey(spki))?.id,
    onUnknownKey: () => {},
    serve: () => {
      seen.accepted += 1;
      const onAsked = () => {
        seen.asked += 1;
      };
      return service(onAsked, () => {
        seen.closed += 1;
      });
    },
  });
  starting.defer(() => listener.close());
  const self = member('r1', '', own.spki);
  const members = [self, member('r2', `127.0.0.1:${listener.address.port}`, others.spki)];
  let changed = () => {};
  const peers = new Peers({
    ...common,
    membership: {
      self,
      members,
      onChange(listen) {
        changed = listen;
        return () => {};
      },
      refresh: () => Promise.resolve(),
    },
    certificate: own,
    follow: () => ({
      opened: () => {
        seen.opened += 1;
      },
      received: () => {},
      lost: () => {
        seen.lost += 1;
      },
      left: () => {
        seen.left += 1;
        return Promise.resolve();
      },
      stop: () => {
        seen.stopped += 1;
      },
    }),
    clock: systemClock,
    onConnected: () => {},
    onLost: () => {},
  });
  starting.defer(() => peers.stop());
  await eventually('the session to r2', () => peers.states.get('r2-1') === 'connected');
  const running = starting.move();
  return {
    own,
    replica: members[1] as Member,
    rows,
    seen,
    listener,
    peers,
    change(set: Partial<Member>) {
      members.splice(1, 1, { ...(members[1] as Member), ...set });
      changed();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

test('an accepted peer is closed when no row has its key any more, and not before', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await start();
  at.rows.splice(0, 1, { ...(at.rows[0] as Member), isExpired: true, state: 'draining' });
  at.listener.closeFormerPeers();
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(at.seen.closed, 0);
  at.rows.splice(0, 1, { ...(at.rows[0] as Member), spki: at.rows[0]?.spki.replace(/./g, '0') ?? '' });
  assert.equal(at.peers.states.get('r2-1'), 'connected');
  at.listener.closeFormerPeers();
  await eventually('the end of the session', () => at.seen.closed === 1 && at.seen.lost === 1);
  assert.equal(at.seen.accepted, 1);
});

test('an expired replica stays as long as the session to it lasts, and is not connected to again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await start();
  at.change({ isExpired: true });
  assert.equal(at.peers.states.get('r2-1'), 'connected');
  at.rows.length = 0;
  at.listener.closeFormerPeers();
  await eventually('the peer to be given up', () => at.seen.left === 1);
  assert.equal(at.peers.states.size, 0);
  at.change({ isExpired: false });
  assert.equal(at.peers.states.get('r2-1'), 'connecting', 'it has renewed its lease');
});

test('a gateway that stops ends what is left of its peers, and follows none again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await start();
  await at.peers.stop();
  assert.equal(at.peers.states.size, 0);
  const { lost, left, stopped } = at.seen;
  assert.deepEqual({ lost, left, stopped }, { lost: 1, left: 0, stopped: 1 });
});

test('what is meant for an earlier process at the address is refused, and reaches nothing of the one that is there', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await start();
  const never = new AbortController().signal;
  const open = (epoch: string) =>
    PeerSession.open(
      { ...at.replica, epoch },
      { ...common, certificate: at.own, onMessage: () => {}, onLost: () => {} },
      never,
    );
  await assert.rejects(open('r2-0'), /status 421/);
  assert.equal(at.seen.asked, 1, 'only by the session that was there before');
  const session = await open('r2-1');
  const statusOf = async (stream: ClientHttp2Stream) => {
    const [{ ':status': status }] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.close();
    return status;
  };
  const relay = `${peerPaths.relay}s1`;
  const before = at.seen.asked;
  for (const path of [relay, peerPaths.directory]) {
    assert.equal(await statusOf(session.connect(path, { [EPOCH_HEADER]: 'r2-0' })), 421);
  }
  assert.equal(await statusOf(session.connect(relay, {})), 200);
  assert.equal(await statusOf(session.post(peerPaths.cancel, {})), 200);
  assert.equal(at.seen.asked, before + 2);
  session.end(new TunnelError('SESSION_LOST'));
});
