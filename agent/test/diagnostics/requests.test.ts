import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '@penstock/json-schema';
import {
  type AgentMessageOf,
  type AgentRequestDescriptor,
  agentRequests,
  RequestError,
} from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { type RemotePolicy, type RequestHandlers, Requests } from '../../src/diagnostics/requests.ts';

type Result = AgentMessageOf<'result'>;

const allowed: RemotePolicy = { logs: 'allow', restart: 'allow' };

function scene(changes: Partial<RequestHandlers> = {}, policy = allowed) {
  const logged: string[] = [];
  const clock = fakeClock();
  const no = () => {
    throw new RequestError('REQUEST_DENIED');
  };
  const handlers: RequestHandlers = {
    probe: no,
    check: no,
    logs: no,
    'effective-config': no,
    restart: () => ({}),
    ...changes,
  };
  const requests = new Requests({
    requests: agentRequests,
    handlers,
    policy: () => policy,
    log: (event) => logged.push(event),
    clock,
  });
  const ask = async (action: string, asked: unknown = {}): Promise<Result> => {
    const { promise, resolve } = Promise.withResolvers<Result>();
    void requests.answer(
      { type: 'request', id: 'r1', action, arguments: asked, requestedBy: 'somebody' },
      resolve,
    );
    return promise;
  };
  return { requests, ask, logged, clock };
}

test('an action is answered with its id, and the log names the requester', async () => {
  const { ask, logged } = scene();
  assert.deepEqual(await ask('restart'), { type: 'result', id: 'r1', ok: true, value: {} });
  assert.deepEqual(logged, ['request-answered']);
});

test('unknown actions, malformed arguments and failures have codes', async () => {
  const { ask, logged } = scene({
    'effective-config': () => {
      throw new Error('broken');
    },
  });
  assert.equal((await ask('fly')).code, 'REQUEST_UNKNOWN');
  assert.equal((await ask('constructor')).code, 'REQUEST_UNKNOWN');
  assert.equal((await ask('probe', { host: 'x' })).code, 'REQUEST_MALFORMED');
  assert.equal((await ask('probe', null)).code, 'REQUEST_MALFORMED');
  assert.equal((await ask('logs', { limit: 1 })).code, 'REQUEST_DENIED');
  assert.deepEqual((await ask('effective-config')).code, 'REQUEST_FAILED');
  assert.equal(logged.filter((event) => event === 'request-refused').length, 6);
});

test('concurrent and consecutive requests are limited', async () => {
  const waiting: (() => void)[] = [];
  const { ask, clock } = scene({
    logs: () =>
      new Promise((resolve) => waiting.push(() => resolve({ lines: [], redactions: {}, omitted: {} }))),
  });
  const four = Array.from({ length: 4 }, () => ask('logs', { limit: 1 }));
  assert.equal((await ask('restart')).code, 'REQUEST_OVERLOADED');
  for (const finish of waiting) finish();
  for (const each of four) assert.equal((await each).ok, true);
  for (let count = 0; count < 36; count += 1) assert.equal((await ask('restart')).ok, true, `${count}`);
  assert.equal((await ask('restart')).code, 'REQUEST_OVERLOADED');
  await clock.pass(1_000);
  assert.equal((await ask('restart')).ok, true);
});

test('requests that the policy denies are refused before their handler is called', async () => {
  const called = () => assert.fail('the policy denies it');
  const { ask } = scene({ logs: called, restart: called }, { logs: 'deny', restart: 'deny' });
  const logs = await ask('logs', { limit: 1 });
  assert.equal(logs.code, 'REQUEST_DENIED');
  assert.match(logs.detail ?? '', /policy\.remote\.logs in agent\.yaml is deny/);
  assert.equal((await ask('restart')).code, 'REQUEST_DENIED');
});

test('a descriptor and a handler are all that a new request needs', async () => {
  // control-plane/test/api/added-request.test.ts has its other half.
  const uptime = {
    action: 'uptime',
    arguments: Type.Object({ unit: Type.Enum(['s', 'ms']) }),
    answer: Type.Object({ uptime: Type.Number() }),
    role: 'viewer',
    approvable: false,
    timeoutMs: 1000,
    repeatable: true,
  } as const satisfies AgentRequestDescriptor;
  const requests = new Requests<typeof uptime>({
    requests: [uptime],
    handlers: { uptime: ({ unit }) => ({ uptime: unit === 's' ? 42 : 42_000 }) },
    policy: () => allowed,
    log: () => {},
  });
  const ask = (args: unknown) => {
    const { promise, resolve } = Promise.withResolvers<Result>();
    const message = {
      type: 'request',
      id: 'r1',
      action: 'uptime',
      arguments: args,
      requestedBy: 'x',
    } as const;
    void requests.answer(message, resolve);
    return promise;
  };
  assert.deepEqual((await ask({ unit: 's' })).value, { uptime: 42 });
  assert.equal((await ask({ unit: 'h' })).code, 'REQUEST_MALFORMED');
});
