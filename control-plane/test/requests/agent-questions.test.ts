import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAgentQuestions } from '../../src/requests/agent-questions.ts';
import { identityRig } from '../identity/identity-rig.ts';

const asker = { id: 'admin-token:1', address: '192.0.2.1', role: 'operator' } as const;
const ready = { reach: 'ready' as const, sentence: '', advice: '', stages: [] };

async function scene() {
  const rig = await identityRig();
  const asked: unknown[] = [];
  const questions = openAgentQuestions({
    store: rig.store,
    fleet: { agent: (name) => (name === 'orders-1' ? { id: 'agt_1', name, pool: 'dc1' } : undefined) },
    pins: { of: () => undefined },
    requests: {
      ask: async (agent, action, question, { requestedBy }) => {
        asked.push([agent.id, action, question, requestedBy]);
        return ready as never;
      },
    },
    approvals: {
      action: (_name, run) => async (request, requester) => ({
        kind: 'done',
        value: await run(request, requester),
      }),
    },
    clock: () => 7,
  });
  return { rig, asked, questions, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

test('who asked what of whom is in the audit trail before the question leaves', async () => {
  await using all = await scene();
  const question = { connector: 'orders-db', timeout: 500 };
  assert.deepEqual(await all.questions.check('orders-1', question, asker), ready);
  assert.deepEqual(all.asked, [['agt_1', 'check', question, 'admin-token:1']]);
  const [entry] = await all.rig.store.audit.list({ limit: 1 });
  assert.deepEqual(
    [entry?.at, entry?.actor, entry?.address, entry?.action, entry?.subject, entry?.after],
    [
      7,
      'admin-token:1',
      '192.0.2.1',
      'agent.check',
      'agent:agt_1',
      JSON.stringify({ name: 'orders-1', ...question }),
    ],
  );
});

test('without the store nobody is asked anything', async () => {
  await using all = await scene();
  await all.rig.store.close();
  const { probe, check, logs, config, restart } = all.questions;
  const limit = { limit: 1 };
  const outcomes = await Promise.allSettled([
    probe('orders-1', { host: 'db', port: 1, timeout: 500 }, asker),
    check('orders-1', { connector: 'x', timeout: 500 }, asker),
    logs('orders-1', limit, asker),
    config('orders-1', asker),
    restart('orders-1', {}, asker),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error).name),
    Array.from({ length: 5 }, () => 'StoreError'),
  );
  assert.deepEqual(all.asked, []);
});

test('an agent nobody knows is told as such, and nothing is asked', async () => {
  await using all = await scene();
  await assert.rejects(all.questions.check('nobody', { connector: 'x', timeout: 500 }, asker), {
    code: 'NOT_FOUND',
  });
  assert.deepEqual(all.asked, []);
});
