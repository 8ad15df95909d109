import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvableActions } from '@penstock/config-schema';
import {
  type AgentRequestDescriptor,
  agentRequests,
  checkRequest,
  effectiveConfigRequest,
  logsRequest,
  probeRequest,
  restartRequest,
} from '@penstock/wire';
import { openAgentRequests } from '../../src/requests/agent-requests.ts';
import { identityRig } from '../identity/identity-rig.ts';

const requester = { id: 'admin-token:1', address: '192.0.2.1', role: 'operator' } as const;
const ready = { reach: 'ready' as const, message: '', advice: '', stages: [] };

async function scene(requests: readonly AgentRequestDescriptor[] = agentRequests) {
  const rig = await identityRig();
  const sent: unknown[] = [];
  const approvable: string[] = [];
  const agents = openAgentRequests({
    store: rig.store,
    fleet: { agent: (name) => (name === 'orders-1' ? { id: 'agt_1', name, pool: 'dc1' } : undefined) },
    pins: { of: () => undefined },
    requests,
    pending: {
      send: async (agent, { action }, args, options) => {
        sent.push([agent.id, action, args, options]);
        return ready as never;
      },
    },
    approvals: {
      action: (name, run) => {
        approvable.push(name);
        return async (request, actor) => ({ kind: 'done', value: await run(request, actor) });
      },
    },
    clock: () => 7,
  });
  return { rig, sent, approvable, agents, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

test('a request is recorded in the audit trail before it is sent', async () => {
  await using all = await scene();
  const args = { connector: 'orders-db', timeout: 500 };
  const performed = await all.agents.perform(checkRequest, 'orders-1', args, requester);
  assert.deepEqual(performed, { kind: 'done', value: ready });
  assert.deepEqual(all.sent, [
    ['agt_1', 'check', args, { requestedBy: 'admin-token:1', timeoutMs: 500 + 3000 }],
  ]);
  const [entry] = await all.rig.store.audit.list({ limit: 1 });
  assert.deepEqual(
    [entry?.at, entry?.actor, entry?.address, entry?.action, entry?.subject, entry?.after],
    [
      7,
      'admin-token:1',
      '192.0.2.1',
      'agent.check',
      'agent:agt_1',
      JSON.stringify({ name: 'orders-1', ...args }),
    ],
  );
});

test('no request is sent while the store is unavailable', async () => {
  await using all = await scene();
  await all.rig.store.close();
  const { perform, config } = all.agents;
  const outcomes = await Promise.allSettled([
    perform(probeRequest, 'orders-1', { host: 'db', port: 1, timeout: 500 }, requester),
    perform(checkRequest, 'orders-1', { connector: 'x', timeout: 500 }, requester),
    perform(logsRequest, 'orders-1', { limit: 1 }, requester),
    perform(effectiveConfigRequest, 'orders-1', {}, requester),
    perform(restartRequest, 'orders-1', {}, requester),
    config('orders-1', requester),
  ]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error).name),
    Array.from({ length: agentRequests.length + 1 }, () => 'StoreError'),
  );
  assert.deepEqual(all.sent, []);
});

test('a request to an unknown agent fails and is not sent', async () => {
  await using all = await scene();
  const args = { connector: 'x', timeout: 500 };
  await assert.rejects(all.agents.perform(checkRequest, 'nobody', args, requester), { code: 'NOT_FOUND' });
  assert.deepEqual(all.sent, []);
});

test('gateway.yaml can name every approvable request, and no other', async () => {
  await using all = await scene();
  const expected = approvableActions.filter((action) =>
    agentRequests.some((request) => request.action === action),
  );
  assert.deepEqual(all.approvable.toSorted(), expected.toSorted());
  const unnamed = { ...checkRequest, action: 'reboot', approvable: true };
  await assert.rejects(scene([unnamed]), /approvableActions of config-schema must list it/);
});
