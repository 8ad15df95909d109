import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGatewayConfig } from '@penstock/config-schema';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Approvals } from '../../src/approvals/approvals.ts';
import { FleetEvents } from '../../src/events/events.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { AgentOpens } from '../../src/rollouts/agent-opens.ts';
import { followChannels } from '../../src/rollouts/follow-channels.ts';
import { Rollouts } from '../../src/rollouts/rollouts.ts';
import { testView } from '../fleet/test-view.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Real rollouts over a real store, of agents that do nothing, and the follower of channels. */
async function scene(pool: object, agents: AgentView[]) {
  const opened = await openTestStore();
  const { store } = opened;
  const clock = fakeClock();
  const parsed = parseGatewayConfig(
    JSON.stringify({
      apiVersion: 'penstock/v1',
      kind: 'Gateway',
      version: 1,
      organization: 'acme',
      pools: [pool],
    }),
    { environment: {}, readFile: () => '' },
  );
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { config } = parsed;
  const live = { latest: undefined as string | undefined, isLeader: true, rounds: 0 };
  const logged: string[] = [];
  const log = (event: string, fields?: object) => void logged.push(`${event} ${JSON.stringify(fields)}`);
  const events = new FleetEvents();
  const approvals = await Approvals.open({
    store,
    needs: (name) => config.pools.find((each) => each.name === name)?.requireApproval ?? [],
    events,
    agentId: () => undefined,
    clock: clock.wall,
    onFailed: (error) => assert.fail(String(error)),
  });
  const fleet = {
    *agentsAfter() {
      yield* agents;
    },
    agentById: (id: string) => agents.find((agent) => agent.id === id),
    pools: () => [{ name: 'dc1', ready: agents.length, minReady: 0, pinning: 'off', agents: {} }] as never,
    pins: { all: [] } as never,
    steering: { applyPins: async () => {} },
  };
  const rollouts = await Rollouts.open({
    store,
    fleet,
    config: () => config,
    opens: new AgentOpens(),
    opensDelay: () => 0,
    sendUpgrade: () => true,
    epoch: () => 1,
    clock,
    log,
    approvals,
    events,
    isWhole: () => true,
    requireRelease: async () => {},
  });
  const stop = followChannels({
    rollouts,
    fleet,
    pools: () => {
      live.rounds += 1;
      return config.pools;
    },
    latestRelease: async () => live.latest,
    isLeader: () => live.isLeader,
    clock,
    log,
  });
  return {
    clock,
    live,
    rollouts,
    approvals,
    logged,
    /** Waits until the follower has looked, and until these are the rollouts, the oldest first. */
    async expect(expected: readonly string[], why?: string) {
      const { rounds } = live;
      let passed = -1;
      await eventually('the follower to look', async () => {
        // One minute for each round: a round takes real time, in which a rollout must not miss its deadline.
        if (live.rounds !== passed) {
          passed = live.rounds;
          await clock.pass(MINUTE);
        }
        // Rounds follow one another: the second begins when the first has ended.
        return live.rounds >= rounds + 2;
      });
      await eventually(why ?? 'the rollouts', async () => {
        await clock.pass(SECOND);
        const rows = await rollouts.list({ onlyOpen: false, limit: 100 });
        const shown = rows.map(
          ({ target, stage, createdBy }) => `${target.version} ${stage.state} ${createdBy}`,
        );
        assert.deepEqual(shown.reverse(), expected);
        return true;
      });
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rollouts.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

const view = (name: string, softwareVersion: string) => testView(name, { softwareVersion });

test('a pool that follows stable gets each new release once, and no pre-release or older one', async () => {
  await using at = await scene({ name: 'dc1', upgrade: { channel: 'stable' } }, [view('a', '1.1.0')]);
  const { live, rollouts } = at;
  await at.expect([]);
  for (const version of ['1.0.0', '1.1.0', '1.2.0-rc.1']) {
    live.latest = version;
    await at.expect([], version);
  }
  live.isLeader = false;
  live.latest = '1.2.0';
  await at.expect([]);
  live.isLeader = true;
  await at.expect(['1.2.0 canary channel:stable']);
  live.latest = '1.3.0';
  await at.expect(['1.2.0 canary channel:stable'], 'one at a time');
  const [open] = rollouts.open;
  await rollouts.cancel(open?.rollout.id ?? '', false, { id: 'ada' });
  await at.expect(['1.2.0 cancelled channel:stable', '1.3.0 canary channel:stable']);
  const [next] = rollouts.open;
  await rollouts.cancel(next?.rollout.id ?? '', false, { id: 'ada' });
  await at.expect(
    ['1.2.0 cancelled channel:stable', '1.3.0 cancelled channel:stable'],
    'what was cancelled is not tried again',
  );
});

test('a pool that requires an approval waits for it, except for patch releases', async () => {
  const pool = {
    name: 'dc1',
    requireApproval: ['rollout'],
    upgrade: { channel: 'preview', withoutApproval: 'patch' },
  };
  const agents = [view('a', '1.1.0'), view('b', '1.1.1')];
  await using at = await scene(pool, agents);
  const { live, rollouts } = at;
  live.latest = '1.2.0-rc.1';
  await at.expect(['1.2.0-rc.1 draft channel:preview']);
  live.latest = '1.2.0';
  await at.expect(
    ['1.2.0-rc.1 cancelled channel:preview', '1.2.0 draft channel:preview'],
    'a newer release takes the place of one that nobody has approved',
  );
  live.latest = '1.1.2';
  const earlier = ['1.2.0-rc.1 cancelled channel:preview', '1.2.0 cancelled channel:preview'];
  await at.expect([...earlier, '1.1.2 canary channel:preview']);
  for (const { rollout } of rollouts.open) await rollouts.cancel(rollout.id, false, { id: 'ada' });
  // For one of them, it is more than a patch.
  agents[0] = view('a', '1.0.9');
  live.latest = '1.1.3';
  await at.expect([...earlier, '1.1.2 cancelled channel:preview', '1.1.3 draft channel:preview']);
  const waiting = await at.approvals.list({ pending: true, limit: 10 });
  await at.approvals.decide(waiting[0]?.id ?? '', 'approved', { id: 'admin-token:ada', role: 'admin' });
  await at.expect([...earlier, '1.1.2 cancelled channel:preview', '1.1.3 canary channel:preview']);
});
