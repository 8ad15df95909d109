import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WindowBudget } from '@penstock/transport';
import { limits, PROTOCOL_VERSION, ProblemError, TunnelError } from '@penstock/wire';
import { TestAuthority } from '../../../test/rig/certificates.ts';
import { deadline } from '../../../test/rig/deadline.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { startEcho } from '../../../test/rig/targets.ts';
import { createAgentMetrics } from '../../src/observe/metrics.ts';
import { dialTarget } from '../../src/target/dial-target.ts';
import { CarriedConnections } from '../../src/tunnel/carried-connections.ts';
import { dialGateway } from '../../src/tunnel/dial-gateway.ts';
import { establishSession } from '../../src/tunnel/establish-session.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import type { GatewaySession } from '../../src/tunnel/session.ts';
import { SessionRefused } from '../../src/tunnel/session-refused.ts';
import { FakeGateway, type FakeGatewayOptions } from './fake-gateway.ts';

const certificate = await (await TestAuthority.create('Company CA')).issue({ commonName: 'gateway' });
const never = new AbortController().signal;

/** Makes a session with a fake gateway. Every connector dials port `target`. */
async function establish(gateway: FakeGateway, target = 9): Promise<GatewaySession> {
  const url = `https://127.0.0.1:${gateway.address.port}`;
  const way = {
    url,
    address: gateway.address,
    pins: [certificate.pin],
    trust: 'pins',
    proxy: 'none',
  } as const;
  const socket = await dialGateway(way, { identity: undefined, environment: {}, signal: never });
  const { session } = await establishSession(socket, {
    url,
    hello: () => ({
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      agent: { name: 'a1', version: '0.1.0' },
      bootId: 'boot',
      platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
      config: { version: 1, digest: 'sha256:0' },
      connectors: [],
      session: { index: 0, wanted: 1 },
    }),
    targets: {
      dial: async (_name, _deadline, { signal }) => {
        const dialed = await dialTarget('echo', [{ address: '127.0.0.1', family: 4 }], target, signal);
        return { ...dialed, release: () => {} };
      },
    },
    windows: new WindowBudget(64 * 1024 * 1024),
    ping: { interval: 10_000, timeout: 10_000 },
    refusal: () => undefined,
    carried: new CarriedConnections(
      () => [],
      () => 0,
    ),
    keepFor: () => 0,
    onCongested() {},
    halfClosedTimeout: () => 60_000,
    log: () => {},
    metrics: createAgentMetrics(),
    onMessage: () => {},
  });
  return session;
}

/** A session that the fake gateway has welcomed. */
async function welcomed(target?: number) {
  const gateway = await FakeGateway.start(certificate);
  const coming = establish(gateway, target);
  await gateway.receive('hello');
  gateway.welcome();
  const session = await coming;
  return {
    gateway,
    session,
    async [Symbol.asyncDispose]() {
      session.end(new TunnelError('AGENT_DRAINING'));
      await session.closed;
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const open = (id: string) =>
  ({ type: 'open', id, connector: 'echo', connection: 'echo', client: 'test', deadline: 5_000 }) as const;

test('GOAWAY requests a successor; live streams continue, and a later open is refused for another session to serve', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await welcomed(echo.address.port);
  at.gateway.send(open('1-1'));
  const stream = await eventually('the stream', () => at.gateway.streams.get('1-1'));
  stream.respond({ ':status': 200 });
  let echoed = '';
  stream.on('data', (chunk: Buffer) => (echoed += chunk));
  stream.write('before');
  await eventually('the echo', () => echoed === 'before');
  at.gateway.session?.goaway(0);
  assert.equal(
    await deadline('the request for a successor', at.session.successorRequested),
    'the gateway sent GOAWAY',
  );
  assert.equal(at.session.state, 'awaiting-successor');
  stream.write(' and after');
  await eventually('the echo', () => echoed === 'before and after');
  at.gateway.send(open('1-2'));
  assert.deepEqual((({ id, code }) => ({ id, code }))(await at.gateway.receive('open-failed')), {
    id: '1-2',
    code: 'AGENT_DRAINING',
  });
  at.session.retire('its successor is ready');
  assert.equal(at.session.state, 'retiring');
  stream.end();
  await deadline('the end', at.session.closed);
  assert.equal((await at.gateway.receive('goodbye')).reason, 'the gateway sent GOAWAY');
});

test('a retiring session resets its remaining streams at the deadline and then closes', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await welcomed(echo.address.port);
  at.gateway.send(open('1-1'));
  const stream = await eventually('the stream', () => at.gateway.streams.get('1-1'));
  stream.respond({ ':status': 200 });
  at.session.retire('test');
  at.session.retire('test', 100);
  at.session.retire('test');
  await deadline('the end', at.session.closed);
  assert.equal(stream.destroyed, true);
  await at.gateway.receive('goodbye');
});

test('a session that the gateway asks to replace stays in use until then', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await welcomed(echo.address.port);
  at.gateway.send({ type: 'reconnect', reason: 'the gateway drains' });
  assert.equal(
    await deadline('the request for a successor', at.session.successorRequested),
    'the gateway drains',
  );
  at.gateway.send(open('1-1'));
  await eventually('the stream', () => at.gateway.streams.get('1-1'));
});

for (const retryable of [true, false]) {
  test(`a refusal is reported with its code as ${retryable ? '' : 'not '}retryable`, async () => {
    await using _leaks = expectNoLeaks();
    await using gateway = await FakeGateway.start(certificate);
    const coming = establish(gateway);
    coming.catch(() => {});
    await gateway.receive('hello');
    gateway.send({ type: 'refused', code: 'LIMIT_EXCEEDED', detail: 'enough', retryable });
    await assert.rejects(coming, (error: unknown) => {
      assert.ok(error instanceof SessionRefused);
      assert.deepEqual(
        [error.code, error.message, error.isRetryable],
        ['LIMIT_EXCEEDED', 'enough', retryable],
      );
      return true;
    });
  });
}

const malformed: readonly (readonly [what: string, bytes: string])[] = [
  ['text that is not JSON', 'welcome!\n'],
  ['JSON that is not a message', '[]\n'],
  ['a message that does not match its type', '{"type": "open", "id": 1}\n'],
  ['a message that is too long', 'x'.repeat(limits.controlMessageBytes)],
];

for (const [what, bytes] of malformed) {
  test(`a gateway that sends ${what} loses the session`, async () => {
    await using _leaks = expectNoLeaks();
    await using at = await welcomed();
    at.gateway.write(bytes);
    const reason = await deadline('the end', at.session.ended);
    assert.ok(reason instanceof TunnelError);
    assert.equal(reason.code, 'PROTOCOL_ERROR');
  });
}

test('a gateway that does not read its control stream loses the session before much is queued', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await welcomed();
  at.gateway.stall();
  const detail = 'x'.repeat(1_000);
  const failed = { type: 'open-failed', id: '1-1', code: 'REFUSED', detail } as const;
  let sent = 0;
  const flood = setInterval(() => {
    for (let count = 0; count < 1_000; count += 1) at.session.send(failed);
    sent += 1_000;
  }, 1);
  const reason = await deadline('the end', at.session.ended).finally(() => clearInterval(flood));
  assert.ok(reason instanceof TunnelError);
  assert.equal(reason.code, 'LIMIT_EXCEEDED');
  assert.ok(sent < 20_000, `${sent} messages were sent`);
});

const refusals: readonly (readonly [
  what: string,
  options: FakeGatewayOptions,
  isIt: (error: unknown) => boolean,
])[] = [
  [
    'a problem document',
    {
      answer: {
        status: 429,
        headers: { 'retry-after': '7', 'content-type': 'application/problem+json' },
        body: JSON.stringify({ code: 'TOO_MANY_REQUESTS', detail: 'later' }),
      },
    },
    (error) => error instanceof ProblemError && error.code === 'TOO_MANY_REQUESTS' && error.retryAfter === 7,
  ],
  [
    'a page of another server',
    { answer: { status: 502, body: '<html>Bad gateway</html>' } },
    (error) => error instanceof GatewayError && error.code === 'GATEWAY_PROTOCOL',
  ],
  [
    'an endless answer',
    { answer: { status: 403, body: 'x'.repeat(100_000) } },
    (error) => error instanceof GatewayError && error.code === 'GATEWAY_PROTOCOL',
  ],
  [
    'HTTP/2 without extended CONNECT',
    { plain: true },
    (error) =>
      error instanceof GatewayError &&
      error.code === 'GATEWAY_PROTOCOL' &&
      error.message.includes('names a Penstock gateway'),
  ],
];

for (const [what, options, isIt] of refusals) {
  test(`${what} in answer to the control stream is reported as such`, async () => {
    await using _leaks = expectNoLeaks();
    await using gateway = await FakeGateway.start(certificate, options);
    await assert.rejects(establish(gateway), isIt);
  });
}

test('a session whose connection is lost ends once', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await welcomed();
  at.gateway.session?.destroy();
  const reason = await deadline('the end', at.session.ended);
  assert.ok(reason instanceof TunnelError && reason.code === 'SESSION_LOST');
  await deadline('its connection', at.session.closed);
  at.session.retire('too late');
  at.session.requestSuccessor('too late');
  at.session.suspect();
  assert.equal(at.session.state, 'ended');
});
