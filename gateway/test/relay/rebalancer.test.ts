import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Rebalancer, type SpreadReplica } from '../../src/relay/rebalancer.ts';
import type { RegisteredSession } from '../../src/tunnel/session-registry.ts';

type Where = { readonly agent: string; readonly replica?: string; readonly load?: number };

function setUp(places: readonly Where[], others: readonly SpreadReplica[] | undefined) {
  const clock = fakeClock();
  const asked: string[] = [];
  const events: object[] = [];
  const sessions = new Set(
    places.map(({ agent, replica, load = 0 }, at) => {
      const id = `${agent}-${at}`;
      const session = {
        id,
        state: 'ready',
        openedAt: at,
        load,
        identity: { agentId: agent },
        suggestReconnect: () => asked.push(agent),
        ...(replica !== undefined && { replica }),
      };
      return session as unknown as RegisteredSession;
    }),
  );
  const rig = { others };
  const rebalancer = new Rebalancer({
    registry: {
      get localSessions() {
        return [...sessions].filter(({ replica }) => replica === undefined);
      },
      sessions: function* () {
        yield* sessions;
      },
    },
    others: () => rig.others,
    interval: 10_000,
    clock,
    onBegun: (spread) => events.push({ begun: spread }),
    onEnded: (spread) => events.push({ ended: spread }),
  });
  const leave = (agent: string) => {
    for (const session of sessions) if (session.identity.agentId === agent) sessions.delete(session);
  };
  return { clock, asked, events, rig, rebalancer, leave };
}

const at = (...agents: string[]) => agents.map((agent) => ({ agent }));

test('one session at a time leaves: of agents with several here, then with few streams, then the oldest', async () => {
  const places = [{ agent: 'busy', load: 3 }, ...at('old', 'new'), ...at('twice', 'twice')];
  const { clock, asked, events, rebalancer, leave } = setUp(places, [{ name: 'r2', sessions: 1 }]);
  await clock.pass(29_999);
  assert.deepEqual(asked, []);
  await clock.pass(1);
  assert.deepEqual(asked, ['twice']);
  assert.deepEqual(events, [{ begun: { sessions: 5, mean: 3 } }]);
  leave('twice');
  await clock.pass(10_000);
  // The mean of 3 and 1 is 2, and 3 is still more than 110 % of it.
  assert.deepEqual(asked, ['twice', 'old']);
  leave('old');
  await clock.pass(10_000);
  assert.deepEqual(events.at(-1), { ended: { sessions: 2, sent: 2 } });
  assert.equal(rebalancer.total, 2);
  rebalancer.stop();
  assert.deepEqual(clock.waiting, []);
});

test('an agent that has a session to every emptier replica keeps the one here', async () => {
  const spread = [
    ...at('a', 'b', 'c', 'd'),
    ...['a', 'b', 'c', 'd'].map((agent) => ({ agent, replica: 'r2' })),
  ];
  const { clock, asked, rebalancer } = setUp(spread, [{ name: 'r2', sessions: 1 }]);
  await clock.pass(600_000);
  assert.deepEqual(asked, []);
  assert.equal(rebalancer.total, 0);
  rebalancer.stop();
});

test('a session that stays is asked again after an hour, not before', async () => {
  const { clock, asked, rebalancer } = setUp(at('a', 'b'), [{ name: 'r2', sessions: 0 }]);
  await clock.pass(3_600_000);
  assert.deepEqual(asked, ['a', 'b']);
  await clock.pass(1_800_000);
  assert.deepEqual(asked, ['a', 'b', 'a', 'b'].slice(0, asked.length));
  assert.ok(asked.length > 2);
  rebalancer.stop();
});

test('nothing is sent while a replica cannot be reached', async () => {
  const { clock, asked, rig, rebalancer } = setUp(at('a', 'b', 'c'), undefined);
  await clock.pass(100_000);
  assert.deepEqual(asked, []);
  rig.others = [{ name: 'r2', sessions: 0 }];
  await clock.pass(30_000);
  assert.deepEqual(asked, ['a']);
  rebalancer.stop();
});
