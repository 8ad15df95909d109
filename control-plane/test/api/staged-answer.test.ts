import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentRequestError } from '../../src/requests/agent-request-error.ts';
import { testView } from '../fleet/test-view.ts';
import { type ApiRig, apiRig } from './api-rig.ts';

const stage = { stage: 'policy', verdict: 'ok' } as const;
const result = { reach: 'ready', message: 'The target answers.', advice: '', stages: [stage] };

async function check({ app, tokens }: ApiRig, accept: string) {
  const answer = await app.inject({
    method: 'POST',
    url: '/api/v1/agents/a1/check',
    headers: { authorization: `Bearer ${tokens.operator}`, accept },
    payload: { connector: 'orders-db' },
  });
  const type = String(answer.headers['content-type']).split(';')[0];
  return { status: answer.statusCode, type, body: answer.body };
}

const NDJSON = 'application/x-ndjson';

test('stages are sent as they finish, to clients that accept them', async () => {
  await using api = await apiRig();
  api.live.agents = [testView('a1')];
  api.live.answer = (_agent, _action, _args, onStage) => {
    onStage?.(stage);
    return result;
  };
  const plain = await check(api, 'application/json');
  assert.deepEqual([plain.type, JSON.parse(plain.body)], ['application/json', result]);
  const staged = await check(api, `${NDJSON}, application/json;q=0.5`);
  assert.deepEqual([staged.status, staged.type], [200, NDJSON]);
  assert.equal(staged.body, `${JSON.stringify({ stage })}\n${JSON.stringify({ result })}\n`);
});

test('a failure is a problem before the first stage, and the last line after it', async () => {
  await using api = await apiRig();
  api.live.agents = [testView('a1')];
  const early = await check(api, NDJSON);
  assert.deepEqual([early.status, early.type], [409, 'application/problem+json']);
  api.live.answer = async (_agent, _action, _args, onStage) => {
    onStage?.(stage);
    await new Promise(setImmediate);
    throw new AgentRequestError('AGENT_TIMEOUT', 'a1 did not answer within 10 s.');
  };
  const late = await check(api, NDJSON);
  const [first = '', last = ''] = late.body.trimEnd().split('\n');
  assert.deepEqual([late.status, JSON.parse(first)], [200, { stage }]);
  assert.equal(JSON.parse(last).problem.code, 'AGENT_TIMEOUT');
});
