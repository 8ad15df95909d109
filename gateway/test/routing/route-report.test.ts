import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolConfig } from '../../../test/rig/pool-config.ts';
import { DialHistory } from '../../src/routing/dial-history.ts';
import { reportRoute } from '../../src/routing/route-report.ts';
import { FakeSession } from './fake-session.ts';

const history = new DialHistory();
const dialed = {
  connection: 'orders',
  client: '10.0.0.9',
  at: 1000,
  milliseconds: 1,
  waited: 0,
  failure: undefined,
  tries: [],
  skipped: [],
};

function report(connection: string, sessions: readonly FakeSession[], ejected: readonly string[] = []) {
  return reportRoute(connection, {
    routes: {
      route: (name) =>
        name === 'orders'
          ? { name, connector: 'orders-db', pools: ['dc1', 'dc2'], maxConnections: 9 }
          : undefined,
      pool: (name) => (name === 'dc1' ? poolConfig({ name }) : undefined),
    },
    sessionsOf: (pool) => sessions.filter(({ identity }) => identity.pool === pool),
    queue: { depth: (pool) => (pool === 'dc1' ? 3 : 0) },
    ejection: { isEjected: (_connector, agentId) => ejected.includes(agentId) },
    checkFails: (_connector, agentId) => agentId === 'id-c',
    history,
  });
}

test('a report has every pool with its queue, and every agent with a session', () => {
  const [first, second, draining, failing] = [
    new FakeSession('a', 'dc1'),
    new FakeSession('a', 'dc1'),
    new FakeSession('b', 'dc1'),
    new FakeSession('c', 'dc2'),
  ] as const;
  first.load = 2;
  second.load = 3;
  draining.acceptsOpens = false;
  history.add(dialed);
  assert.deepEqual(report('orders', [first, second, draining, failing]), {
    connection: 'orders',
    connector: 'orders-db',
    kind: undefined,
    pools: [
      {
        name: 'dc1',
        queue: { waiting: 3, limit: 64 },
        agents: [
          { agentId: 'id-a', skipReason: undefined, streams: 5 },
          { agentId: 'id-b', skipReason: 'draining', streams: 0 },
        ],
      },
      {
        name: 'dc2',
        queue: { waiting: 0, limit: 0 },
        agents: [{ agentId: 'id-c', skipReason: 'check-failing', streams: 0 }],
      },
    ],
    dials: [dialed],
  });
  assert.equal(report('orders', [first], ['id-a'])?.pools[0]?.agents[0]?.skipReason, 'ejected');
  assert.equal(report('billing', []), undefined);
});
