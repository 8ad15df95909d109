import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentMessageOf, RequestError } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { type RequestHandlers, Requests } from '../../src/diagnostics/requests.ts';

type Result = AgentMessageOf<'result'>;

function scene(changes: Partial<RequestHandlers> = {}) {
  const logged: string[] = [];
  const clock = fakeClock();
  const no = () => {
    throw new RequestError('REQUEST_DENIED');
  };
  const handlers = {
    probe: no,
    check: no,
    logs: no,
    'effective-config': no,
    restart: () => ({}),
    ...changes,
  };
  const requests = new Requests({ handlers, log: (event) => logged.push(event), clock });
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

test('an action is answered under its id, and the log says who asked', async () => {
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

test('only so many are worked on at once, and so many in a row', async () => {
  const waiting: (() => void)[] = [];
  const { ask, clock } = scene({
    logs: () =>
      new Promise((resolve) => waiting.push(() => resolve({ lines: [], redactions: {}, leftOut: {} }))),
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
