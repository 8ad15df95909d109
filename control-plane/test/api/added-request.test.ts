import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '@penstock/json-schema';
import type { AgentRequestDescriptor, GatewayMessageOf } from '@penstock/wire';
import fastify from 'fastify';
import { agentRequestRoutes } from '../../src/api/agent-requests.ts';
import { answerProblems } from '../../src/api/problem-handler.ts';
import { validateStrictly } from '../../src/api/request-validation.ts';
import { SchemasWhenUsed } from '../../src/api/schemas-when-used.ts';
import type { TypeBoxProvider } from '../../src/api/typed-app.ts';
import { openAgentRequests } from '../../src/requests/agent-requests.ts';
import { PendingAgentRequests, type RequestSession } from '../../src/requests/pending-agent-requests.ts';
import { identityRig } from '../identity/identity-rig.ts';

/** A request that no release has. agent/test/diagnostics/requests.test.ts has its other half. */
const uptimeRequest: AgentRequestDescriptor = {
  action: 'uptime',
  arguments: Type.Object({ unit: Type.Enum(['s', 'ms'], { default: 's' }) }),
  answer: Type.Object({ uptime: Type.Number() }),
  role: 'viewer',
  approvable: false,
  timeoutMs: 1000,
  repeatable: true,
  route: { path: 'uptime', summary: 'Get the uptime of an agent', description: 'Since its process started.' },
};

test('a descriptor alone defines the route, validation, audit entry, and message of a request', async () => {
  await using rig = await identityRig();
  const sent: GatewayMessageOf<'request'>[] = [];
  const session: RequestSession = {
    state: 'ready',
    identity: { agentId: 'agt_1' },
    request: (message) => {
      sent.push(message);
      const value = { uptime: 42 };
      queueMicrotask(() => pending.answered(session, { type: 'result', id: message.id, ok: true, value }));
    },
  };
  const pending = new PendingAgentRequests(() => [session]);
  const agents = openAgentRequests({
    store: rig.store,
    fleet: { agent: (name) => ({ id: 'agt_1', name, pool: 'dc1' }) },
    pins: { of: () => undefined },
    pending,
    approvals: { action: () => assert.fail('the request is not approvable') },
    requests: [uptimeRequest],
  });
  const app = fastify().withTypeProvider<TypeBoxProvider>();
  validateStrictly(app, new SchemasWhenUsed());
  answerProblems(app, () => {});
  app.decorateRequest('actor');
  app.addHook('onRequest', async (request) => {
    request.actor = { id: 'admin-token:1', address: '192.0.2.1', role: 'viewer', name: 'a viewer' };
  });
  agentRequestRoutes(app, agents, () => assert.fail(), [uptimeRequest]);
  const post = (payload: object) => app.inject({ method: 'POST', url: '/agents/orders-1/uptime', payload });

  const answered = await post({});
  assert.deepEqual([answered.statusCode, answered.json()], [200, { uptime: 42 }]);
  assert.deepEqual(
    sent.map(({ action, arguments: args, requestedBy }) => [action, args, requestedBy]),
    [['uptime', { unit: 's' }, 'admin-token:1']],
  );
  const [entry] = await rig.store.audit.list({ limit: 1 });
  assert.equal(entry?.action, 'agent.uptime');

  const refused = await post({ unit: 'h' });
  assert.deepEqual([refused.statusCode, refused.json().code], [400, 'REQUEST_INVALID']);
  assert.equal(sent.length, 1);
  await app.close();
});
