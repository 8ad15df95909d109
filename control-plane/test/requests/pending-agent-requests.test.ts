import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRequest, type GatewayMessageOf, restartRequest } from '@penstock/wire';
import { PendingAgentRequests, type RequestSession } from '../../src/requests/pending-agent-requests.ts';

type FakeSession = { state: RequestSession['state'] } & RequestSession & {
    readonly sent: GatewayMessageOf<'request'>[];
  };

function fakeSession(state: RequestSession['state'] = 'ready', agentId = 'agt_1'): FakeSession {
  const sent: GatewayMessageOf<'request'>[] = [];
  return { state, identity: { agentId }, sent, request: (message) => void sent.push(message) };
}

const agent = { id: 'agt_1', name: 'orders-1' };
const options = { requestedBy: 'admin-token:1', timeoutMs: 60_000 };
const ready = { reach: 'ready', message: 'The target answers.', advice: '', stages: [] };

function scene(...sessions: FakeSession[]) {
  const live = [...sessions];
  const requests = new PendingAgentRequests(() => live);
  return {
    requests,
    check: () => requests.send(agent, checkRequest, { connector: 'x', timeout: 100 }, options),
    lose(session: FakeSession) {
      session.state = 'ended';
      live.splice(live.indexOf(session), 1);
      requests.sessionEnded(session);
    },
  };
}

const answer = (session: FakeSession, value: unknown, at = -1) => ({
  type: 'result' as const,
  id: session.sent.at(at)?.id ?? '',
  ok: true,
  value,
});

test('a ready session is preferred to a draining one', async () => {
  const [draining, live] = [fakeSession('draining'), fakeSession()];
  const { requests, check } = scene(draining, live);
  const asked = check();
  assert.equal(draining.sent.length, 0);
  requests.answered(live, answer(live, ready));
  assert.deepEqual(await asked, ready);
  assert.equal(requests.size, 0);
});

test('a draining session is used if there is no other', async () => {
  const draining = fakeSession('draining');
  const { requests, check } = scene(draining);
  const asked = check();
  requests.answered(draining, answer(draining, ready));
  assert.deepEqual(await asked, ready);
});

test('a request is sent again on another session when its session is lost, except for a restart', async () => {
  const [first, second] = [fakeSession(), fakeSession()];
  const { requests, check, lose } = scene(first, second);
  const asked = check();
  const restarted = requests.send(agent, restartRequest, {}, options);
  lose(first);
  await assert.rejects(restarted, { code: 'AGENT_TIMEOUT' });
  assert.notEqual(second.sent[0]?.id, first.sent[0]?.id);
  requests.answered(second, answer(second, ready));
  assert.deepEqual(await asked, ready);
});

test('a request fails immediately without a session, and when the last session is lost', async () => {
  const only = fakeSession();
  const { requests, check, lose } = scene(only);
  const asked = check();
  lose(only);
  await assert.rejects(asked, { code: 'AGENT_TIMEOUT' });
  await assert.rejects(check(), { code: 'AGENT_OFFLINE' });
  assert.equal(requests.size, 0);
});

test('results from other agents and for unknown requests are ignored', async () => {
  const session = fakeSession();
  const { requests, check } = scene(session);
  const asked = check();
  const id = session.sent[0]?.id ?? '';
  assert.equal(requests.expects('agt_2', id), false);
  requests.answeredAtLength('agt_2', id, ready);
  requests.answered(fakeSession('ready', 'agt_2'), answer(session, ready));
  requests.answered(session, { type: 'result', id: 'unknown', ok: true });
  assert.equal(requests.size, 1);
  assert.equal(requests.expects('agt_1', id), true);
  assert.equal(requests.claim('agt_2', id), undefined);
  const claim = requests.claim('agt_1', id);
  assert.ok(claim);
  assert.equal(requests.claim('agt_1', id), undefined, 'only one answer at a time is received');
  claim.release();
  requests.claim('agt_1', id)?.release();
  requests.answeredAtLength('agt_1', id, ready);
  assert.deepEqual(await asked, ready);
  assert.equal(requests.claim('agt_1', id), undefined);
});

test('malformed answers and refusals fail with distinct codes', async () => {
  const session = fakeSession();
  const { requests, check } = scene(session);
  const malformed = check();
  requests.answered(session, answer(session, { reach: 'heaven' }));
  await assert.rejects(malformed, { code: 'AGENT_ANSWER_MALFORMED' });
  for (const [code, expected] of [
    ['REQUEST_DENIED', 'AGENT_REFUSED'],
    ['REQUEST_OVERLOADED', 'AGENT_BUSY'],
    ['CONNECTOR_UNKNOWN', 'AGENT_FAILED'],
    ['FROM_THE_FUTURE', 'AGENT_FAILED'],
  ] as const) {
    const refused = check();
    requests.answered(session, { ...answer(session, undefined), ok: false, code, detail: 'because' });
    await assert.rejects(refused, { code: expected, message: 'orders-1: because' });
  }
});

test('pending requests per agent are limited, and time out', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { requests, check } = scene(fakeSession());
  const asked = Array.from({ length: 4 }, check);
  await assert.rejects(check(), { code: 'AGENT_BUSY' });
  t.mock.timers.tick(options.timeoutMs);
  for (const each of asked) await assert.rejects(each, { code: 'AGENT_TIMEOUT' });
  assert.equal(requests.size, 0);
});

test('stages are passed on while the request is pending, and only those of its agent', async () => {
  const [mine, other] = [fakeSession(), fakeSession('ready', 'agt_2')];
  const { requests } = scene(mine);
  const stages: string[] = [];
  const asked = requests.send(
    agent,
    checkRequest,
    { connector: 'x', timeout: 100 },
    { ...options, onStage: ({ stage }) => stages.push(stage) },
  );
  const progress = (stage: 'policy' | 'dns' | 'tcp') => ({
    type: 'progress' as const,
    id: mine.sent[0]?.id ?? '',
    stage: { stage, verdict: 'ok' as const },
  });
  requests.progressed(mine, progress('policy'));
  requests.progressed(other, progress('dns'));
  requests.answered(mine, answer(mine, ready));
  await asked;
  requests.progressed(mine, progress('tcp'));
  assert.deepEqual(stages, ['policy']);
});
