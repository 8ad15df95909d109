import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { CONNECT_PROTOCOL, paths } from '@penstock/wire';
import {
  agentKey,
  FROM,
  HOUR,
  identityRig,
  requestOf,
} from '../../../control-plane/test/identity/identity-rig.ts';
import { TestAuthority, type TestCertificate } from '../../../test/rig/certificates.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { extendedConnect, HostilePeer } from '../../../test/rig/hostile-peer.ts';
import { frameFlag, frameType } from '../../../test/rig/http2-frame.ts';
import { Admission } from '../../src/tunnel/admission.ts';
import { openEndpoint } from '../../src/tunnel/endpoint.ts';
import { HandshakeTurns } from '../../src/tunnel/handshake-turns.ts';
import { Registry } from '../../src/tunnel/registry.ts';

const CONTROL = extendedConnect(paths.control, CONNECT_PROTOCOL);

/** A tunnel port that admits `unauthenticated` connections without a control stream, and an agent's certificate. */
async function endpointRig(unauthenticated: number, turns?: HandshakeTurns) {
  await using stack = new AsyncDisposableStack();
  const rig = stack.use(await identityRig());
  // TLS checks certificates against the real time.
  rig.clock.now -= HOUR;
  const { csr, pem } = await agentKey();
  const issued = await rig.identity.enrollment.enroll(requestOf(await rig.token(), csr), FROM);
  const chain = issued.certificateChain;
  const agent: TestCertificate = { certificate: chain, chain, key: pem, pin: '' };
  const server = await (await TestAuthority.create('server')).issue({ commonName: 'gateway' });
  const log = () => {};
  const endpoint = await openEndpoint({
    listen: { host: '127.0.0.1', port: 0 },
    tls: { certificate: server.chain, key: server.key, agentAuthority: rig.identity.authority.caPem },
    loadBalancers: undefined,
    ...(turns !== undefined && { turns }),
    organization: 'acme',
    handshakeTimeout: 10_000,
    authenticationTimeout: 10_000,
    controlPlane: {
      identity: {
        enroll: () => never(),
        renew: () => never(),
        checkEnrollment: () => Promise.reject(new Error('not here')),
        isRevoked: () => false,
      },
      agents: {
        expects: () => false,
        claim: () => undefined,
        answeredAtLength: () => {},
        describe: () => never(),
      },
      releases: { open: async () => undefined },
      fleet: {
        welcome: () => ({ agentState: 'connected' }),
        isSuspended: () => false,
        checkFails: () => false,
      },
    },
    admission: new Admission({ sessionsPerAddress: 100, acceptRate: 100 }, systemClock, unauthenticated),
    log,
    session: {
      self: { id: 'acme', epoch: 'e' },
      clock: systemClock,
      windows: new WindowBudget(2 ** 30),
      isSole: true,
      replica: () => undefined,
      ping: { interval: 10_000, timeout: 10_000 },
      helloTimeout: 10_000,
      heartbeatInterval: () => 10_000,
      drainTimeout: () => 10_000,
      log,
      registry: new Registry({ sessionsPerAgent: 8 }),
    },
  });
  stack.defer(() => endpoint.close());
  const to = { host: '127.0.0.1', port: endpoint.address.port };
  const moved = stack.move();
  const connect = async (identity?: TestCertificate) =>
    moved.use(await HostilePeer.connect({ to, ...(identity !== undefined && { identity }) }));
  const openSession = async () => {
    const peer = await connect(agent);
    await peer.greet();
    peer.headers(1, CONTROL);
    assert.equal(await peer.status(1), 200);
    return peer;
  };
  return { endpoint, to, agent, connect, openSession, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

const never = () => Promise.reject(new Error('not asked'));

test('unauthenticated connections beyond the limit are closed and counted, and sessions continue', async () => {
  await using rig = await endpointRig(2);
  const agent = await rig.openSession();

  const unauthenticatedPeers = [await rig.connect(), await rig.connect()];
  await assert.rejects(rig.connect(), 'two unauthenticated connections are open; the agent does not count');
  assert.equal(rig.endpoint.refused, 1);
  assert.equal(rig.endpoint.connections, 3);
  await expectAlive(agent);

  unauthenticatedPeers[0]?.socket.destroy();
  await eventually('the unauthenticated connection to close', () => rig.endpoint.connections === 2);
  const later = await rig.connect();
  await later.greet();
  assert.equal(rig.endpoint.refused, 1);
});

test('while as many connections shake hands as may, others wait unread, and sessions go on', async () => {
  const turns = new HandshakeTurns({ clock: fakeClock(), concurrent: 1 });
  await using rig = await endpointRig(10, turns);
  const agent = await rig.openSession();
  const silent = connectTcp(rig.to);
  await once(silent, 'connect');
  await eventually('the silent connection to have its turn', () => rig.endpoint.connections === 2);
  const waiting = rig.openSession();
  await eventually('the second agent to wait', () => turns.waiting === 1);
  await expectAlive(agent);
  assert.equal(turns.waiting, 1);
  silent.destroy();
  await expectAlive(await waiting);
  assert.equal(turns.waiting, 0);
  assert.equal(rig.endpoint.refused, 0);
});

test('a connection that has waited too long for its handshake is closed and counted', async () => {
  const clock = fakeClock();
  const turns = new HandshakeTurns({ clock, concurrent: 0 });
  await using rig = await endpointRig(10, turns);
  const refused = assert.rejects(rig.openSession());
  await eventually('the agent to wait', () => turns.waiting === 1);
  await clock.pass(5_000);
  await refused;
  assert.equal(rig.endpoint.refused, 1);
  await eventually('its connection to close', () => rig.endpoint.connections === 0);
});

/** Its connection is served. */
async function expectAlive(peer: HostilePeer): Promise<void> {
  const before = peer.frames.length;
  peer.send(frameType.PING, 0, 0, Buffer.from('12345678'));
  await peer.frame(
    'an answer to a PING',
    (frame) =>
      frame.type === frameType.PING && frame.flags === frameFlag.ACK && peer.frames.indexOf(frame) >= before,
  );
}
