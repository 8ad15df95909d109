import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { mock, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { WindowBudget } from '@penstock/transport';
import { type AgentMessage, type AgentMessageOf, type GatewayMessage, TunnelError } from '@penstock/wire';
import { encodeMessage } from '@penstock/wire/codec';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { Verdict } from '../../src/control-plane-port.ts';
import { Registry } from '../../src/tunnel/registry.ts';
import { AgentSession } from '../../src/tunnel/session.ts';

const hello: AgentMessageOf<'hello'> = {
  type: 'hello',
  protocol: 1,
  agent: { name: 'a1', version: '0.1.0' },
  bootId: 'boot-1',
  platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
  config: { version: 1, digest: 'sha256:one' },
  connectors: [],
  session: { index: 0, wanted: 1 },
};
const heartbeat: AgentMessage = {
  type: 'heartbeat',
  seq: 1,
  sentAt: 1,
  eventLoop: { p99Ms: 1, maxMs: 1 },
  streams: { open: 0, opening: 0 },
  identity: { notAfter: 1 },
  checks: [],
};

class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly bytesRead = 0;

  destroy(): void {
    this.emit('close');
  }
}

class FakeHttp extends EventEmitter {
  readonly destroyed = false;
  close(): void {}
  ping(): void {}
  settings(): void {}
}

/** A control stream that records what the gateway sends. */
class FakeControl extends EventEmitter {
  readonly writable = true;
  readonly writableLength = 0;
  readonly sent: GatewayMessage[] = [];

  respond(): void {}
  pause(): void {}
  resume(): void {}

  write(bytes: Buffer): void {
    this.sent.push(JSON.parse(bytes.toString()));
  }

  end(bytes: Buffer): void {
    this.write(bytes);
  }

  receive(...messages: readonly AgentMessage[]): void {
    this.emit('data', Buffer.concat(messages.map((message) => Buffer.from(encodeMessage(message)))));
  }
}

/** A session in state greeting, and what its registry reports. */
function open(welcome: (session: AgentSession) => Verdict = () => ({ agentState: 'connected' })) {
  const clock = fakeClock();
  const registry = new Registry({ sessionsPerAgent: 1 }, clock.now);
  const observer = {
    opened: mock.fn(),
    changed: mock.fn(),
    ended: mock.fn(),
    heartbeat: mock.fn(),
    result: mock.fn(),
    upgradeStatus: mock.fn(),
    maySwitch: mock.fn(),
  };
  registry.observe(observer);
  const logged: { readonly event: string; readonly code: unknown }[] = [];
  const connect = () => {
    const control = new FakeControl();
    const session: AgentSession = new AgentSession(
      new FakeSocket() as unknown as TLSSocket,
      new FakeHttp() as unknown as ServerHttp2Session,
      control as unknown as ServerHttp2Stream,
      {
        agentId: 'agt_1',
        name: 'a1',
        pool: 'dc1',
        organization: 'acme',
        serial: 'A1',
        notAfter: Date.now() + 60_000,
      },
      '192.0.2.1',
      {
        self: { id: 'acme', epoch: 'e' },
        clock,
        windows: new WindowBudget(2 ** 30),
        isSole: true,
        replica: () => undefined,
        ping: { interval: 1_000, timeout: 1_000 },
        helloTimeout: 1_000,
        heartbeatInterval: () => 1_000,
        drainTimeout: () => 1_000,
        log: (event, fields) => logged.push({ event, code: fields?.['code'] }),
        controlPlane: {
          identity: {
            enroll: () => Promise.reject(new Error('not used')),
            renew: () => Promise.reject(new Error('not used')),
            checkEnrollment: () => Promise.reject(new Error('not here')),
            isRevoked: () => false,
          },
          fleet: { welcome: () => welcome(session), isSuspended: () => false, checkFails: () => false },
        },
        registry,
      },
    );
    return { control, session };
  };
  return { ...connect(), connect, registry, observer, logged };
}

test('a message before the hello ends the session, and nothing is reported', () => {
  const { control, session, observer, logged } = open();
  control.receive(heartbeat, hello);
  assert.equal(session.state, 'ended');
  assert.deepEqual(control.sent, []);
  assert.deepEqual(logged, [{ event: 'session-refused', code: 'PROTOCOL_ERROR' }]);
  for (const listener of Object.values(observer)) assert.equal(listener.mock.callCount(), 0);
});

test('a second hello ends the session', () => {
  const { control, session, observer, logged } = open();
  control.receive(hello);
  assert.deepEqual([session.state, observer.opened.mock.callCount()], ['ready', 1]);
  control.receive(hello);
  assert.equal(session.state, 'ended');
  assert.equal(logged.at(-1)?.code, 'PROTOCOL_ERROR');
  assert.equal(observer.ended.mock.callCount(), 1);
});

test('messages of a refused session are ignored, and its end is not reported', () => {
  const first = open();
  first.control.receive(hello);
  const refused = first.connect();
  refused.control.receive({ ...hello, bootId: 'boot-2' }, heartbeat, { type: 'draining' });
  assert.deepEqual(
    refused.control.sent.map(({ type }) => type),
    ['refused'],
  );
  assert.equal(first.observer.heartbeat.mock.callCount(), 0);
  assert.equal(first.observer.ended.mock.callCount(), 0);
  refused.session.end(new TunnelError('SESSION_LOST'));
  first.session.end(new TunnelError('SESSION_LOST'));
  assert.equal(first.observer.ended.mock.callCount(), 1);
});

test('the welcome is the first message, and no opens are accepted before it', () => {
  let acceptsOpens: boolean | undefined;
  const { control, session, registry } = open((welcomed) => {
    registry.announce('agt_1', { agentState: 'degraded' });
    acceptsOpens = welcomed.acceptsOpens;
    return { agentState: 'degraded' };
  });
  control.receive(hello);
  assert.deepEqual(
    control.sent.map(({ type }) => type),
    ['welcome'],
  );
  assert.deepEqual([acceptsOpens, session.acceptsOpens], [false, true]);
  registry.announce('agt_1', { agentState: 'connected' });
  assert.deepEqual(control.sent.at(-1), { type: 'pin', agentState: 'connected' });
});

test('upgrades are reported to the control plane, and answered on a session of the agent', () => {
  const { control, registry, observer } = open();
  assert.equal(
    registry.sendUpgrade('agt_1', { type: 'upgrade', rollout: 'r1', to: '1.2.3' }),
    false,
    'the session is greeting',
  );
  control.receive(hello, {
    type: 'may-switch',
    rollout: 'r1',
    from: '1.2.2',
    to: '1.2.3',
  });
  assert.deepEqual(observer.maySwitch.mock.calls[0]?.arguments[1].to, '1.2.3');
  const go = { type: 'go', rollout: 'r1', to: '1.2.3', until: 5 } as const;
  assert.equal(registry.sendUpgrade('agt_1', go), true);
  assert.deepEqual(control.sent.at(-1), go);
  assert.equal(registry.sendUpgrade('agt_2', go), false);
});
