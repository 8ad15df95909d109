import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { mock, type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { EventFields } from '@penstock/observe';
import { WindowBudget } from '@penstock/transport';
import { CONNECT_PROTOCOL, paths, streamPath } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Admission } from '../../src/tunnel/admission.ts';
import type { Peer } from '../../src/tunnel/peer.ts';
import { servePeer } from '../../src/tunnel/peer-session.ts';
import { Registry } from '../../src/tunnel/registry.ts';

const agent: Peer = {
  kind: 'agent',
  identity: {
    agentId: 'agt_1',
    name: 'a1',
    pool: 'dc1',
    organization: 'acme',
    serial: 'A1',
    notAfter: Date.now() + 60_000,
  },
};
const control = {
  ':method': 'CONNECT',
  ':protocol': CONNECT_PROTOCOL,
  ':scheme': 'https',
  ':path': paths.control,
};

class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  destroyed = false;

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

class FakeHttp extends EventEmitter {
  readonly destroyed = false;
  settings(): void {}
}

/** A request stream whose `respond` throws, like Node's when the peer has reset it. */
class FakeStream extends EventEmitter {
  readonly closed: boolean;
  destroyed = false;
  readonly headersSent = false;
  readonly writable = false;
  responds = 0;

  constructor(closed: boolean) {
    super();
    this.closed = closed;
  }

  respond(): void {
    this.responds += 1;
    throw new Error('ERR_HTTP2_INVALID_STREAM');
  }

  resume(): void {}

  destroy(): void {
    this.destroyed = true;
  }
}

function serve(t: TestContext, peer: Peer) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const socket = new FakeSocket();
  const http = new FakeHttp();
  const clock = fakeClock();
  const logged: string[] = [];
  const registry = new Registry({ sessionsPerAgent: 8 }, clock.now);
  const ended = mock.fn();
  registry.observe({ ended });
  const fields: EventFields[] = [];
  const log = (event: string, its: EventFields = {}) => {
    logged.push(event);
    fields.push(its);
  };
  const admitted = { authenticate: mock.fn() };
  servePeer(
    socket as unknown as TLSSocket,
    http as unknown as ServerHttp2Session,
    peer,
    '192.0.2.1',
    admitted,
    {
      controlPlane: {
        identity: {
          enroll: () => Promise.reject(new Error('not asked')),
          renew: () => Promise.reject(new Error('not asked')),
          checkEnrollment: () => Promise.reject(new Error('not here')),
          isRevoked: () => false,
        },
        agents: {
          expects: () => false,
          claim: () => undefined,
          answeredAtLength: () => {},
          describe: () => Promise.reject(new Error('not asked')),
        },
        releases: { open: async () => undefined },
        fleet: {
          welcome: () => ({ agentState: 'connected' }),
          isSuspended: () => false,
          checkFails: () => false,
        },
      },
      admission: new Admission({ sessionsPerAddress: 10, acceptRate: 10 }, clock),
      authenticationTimeout: 1_000,
      log,
      session: {
        self: { id: 'acme', epoch: 'e' },
        clock,
        windows: new WindowBudget(2 ** 30),
        isSole: true,
        replica: () => undefined,
        ping: { interval: 1_000, timeout: 1_000 },
        helloTimeout: 1_000,
        heartbeatInterval: () => 1_000,
        drainTimeout: () => 1_000,
        log,
        registry,
      },
    },
  );
  return { socket, http, logged, fields, ended, admitted };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a refusal that cannot be sent has no effect', async (t) => {
  const { socket, http, logged } = serve(t, { kind: 'anonymous' });
  const stream = new FakeStream(false);
  http.emit('stream', stream, { ':method': 'GET', ':path': '/nothing' });
  // An unhandled rejection fails the test.
  await settled();
  assert.equal(stream.responds, 1);
  assert.equal(stream.destroyed, true);
  assert.deepEqual(logged, ['agent-refused']);
  socket.destroy();
});

test('a control stream that was reset before it was handled creates no session', async (t) => {
  const { socket, http, logged, admitted } = serve(t, agent);
  const stream = new FakeStream(true);
  http.emit('stream', stream, control);
  await settled();
  assert.equal(stream.responds, 0);
  assert.deepEqual(logged, []);
  assert.equal(admitted.authenticate.mock.callCount(), 0);
  assert.equal(socket.destroyed, false);
  t.mock.timers.tick(1_000);
  assert.equal(socket.destroyed, true, 'the peer still has to show itself in time');
});

test('a session whose construction fails ends with its connection and its timer', async (t) => {
  const { socket, http, logged, ended } = serve(t, agent);
  http.emit('stream', new FakeStream(false), control);
  await settled();
  assert.equal(socket.destroyed, true);
  assert.equal(ended.mock.callCount(), 0, 'it was never admitted');
  const before = logged.length;
  assert.ok(logged.includes('session-refused'));
  t.mock.timers.tick(10_000);
  assert.equal(logged.length, before, 'no timer is left to tell anything');
});

test('a session with too many requests in progress ends; finished requests do not count', async (t) => {
  const { socket, http, logged } = serve(t, agent);
  t.mock.timers.reset();
  const ask = () => {
    const stream = new FakeStream(false);
    http.emit('stream', stream, { ':method': 'GET', ':path': paths.health });
    return stream;
  };
  const accepted = new FakeStream(false);
  accepted.respond = () => {};
  http.emit('stream', accepted, control);
  await settled();
  for (let count = 0; count < 100; count += 1) ask().emit('close');
  for (let count = 0; count < 31; count += 1) ask();
  assert.equal(socket.destroyed, false);
  ask();
  assert.equal(socket.destroyed, true);
  assert.ok(logged.includes('peer-misbehaved'));
  await settled();
});

test('a peer that misbehaves is reported once, whatever it has sent already', async (t) => {
  const { socket, http, logged } = serve(t, { kind: 'anonymous' });
  for (let count = 0; count < 1000; count += 1) {
    http.emit('stream', new FakeStream(false), { ':method': 'GET', ':path': paths.health });
  }
  for (let count = 0; count < 1000; count += 1) {
    http.emit('stream', new FakeStream(false), { ...control, ':path': streamPath('id') });
  }
  await settled();
  assert.equal(socket.destroyed, true);
  assert.equal(logged.filter((event) => event === 'peer-misbehaved').length, 1);
  assert.ok(logged.length < 20, `${logged.length} events`);
});

test('a refused agent is named', async (t) => {
  const { socket, http, fields } = serve(t, agent);
  http.emit('stream', new FakeStream(false), { ':method': 'GET', ':path': '/nothing' });
  await settled();
  assert.equal(fields[0]?.['agent'], 'a1');
  socket.destroy();
});
