import assert from 'node:assert/strict';
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
import { extendedConnect, HostilePeer } from '../../../test/rig/hostile-peer.ts';
import { frameFlag, frameType } from '../../../test/rig/http2-frame.ts';
import { Admission } from '../../src/tunnel/admission.ts';
import { openEndpoint } from '../../src/tunnel/endpoint.ts';
import { Registry } from '../../src/tunnel/registry.ts';

const CONTROL = extendedConnect(paths.control, CONNECT_PROTOCOL);

/** A tunnel port that admits `unauthenticated` connections without a control stream, and an agent's certificate. */
async function endpointRig(unauthenticated: number) {
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
  return { endpoint, agent, connect, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

const never = () => Promise.reject(new Error('not asked'));

test('unauthenticated connections beyond the limit are closed and counted, and sessions continue', async () => {
  await using rig = await endpointRig(2);
  const agent = await rig.connect(rig.agent);
  await agent.greet();
  agent.headers(1, CONTROL);
  assert.equal(await agent.status(1), 200);

  const unauthenticatedPeers = [await rig.connect(), await rig.connect()];
  await assert.rejects(rig.connect(), 'two unauthenticated connections are open; the agent does not count');
  assert.equal(rig.endpoint.refused, 1);
  assert.equal(rig.endpoint.connections, 3);
  const ping = Buffer.from('12345678');
  agent.send(frameType.PING, 0, 0, ping);
  await agent.frame(
    'an answer to a PING',
    ({ type, flags }) => type === frameType.PING && flags === frameFlag.ACK,
  );

  unauthenticatedPeers[0]?.socket.destroy();
  await eventually('the unauthenticated connection to close', () => rig.endpoint.connections === 2);
  const later = await rig.connect();
  await later.greet();
  assert.equal(rig.endpoint.refused, 1);
});
