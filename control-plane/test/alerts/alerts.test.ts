import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import type { Store } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { AlertsConfig } from '../../src/alerts/alerts.ts';
import type { FleetSnapshot } from '../../src/alerts/fleet-snapshot.ts';
import { LedAlerts } from '../../src/alerts/led-alerts.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import type { PostOutcome } from '../../src/alerts/post-webhook.ts';
import { type Leadership, LeadershipLostError, soleLeadership } from '../../src/leadership/leadership.ts';
import { agentSnapshot, fleetSnapshot } from './scene.ts';

const config: AlertsConfig = {
  organization: 'acme',
  health: {
    heartbeatInterval: 15_000,
    staleAfter: 60_000,
    maxClockSkew: 30_000,
    certificateExpiryWarning: 86_400_000,
    failingOpensPercent: 50,
    failingOpensMinimum: 3,
    failingOpensWindow: 300_000,
  },
  alerts: [{ condition: 'agent-stale', for: 1_000, receivers: ['ops'] }],
  receivers: [
    {
      name: 'ops',
      webhook: new Secret('https://hooks.example.com/'),
      format: 'json',
      secret: undefined,
      groupWait: 0,
    },
  ],
};

/** Alerts over a real store, with a fleet, outcomes and a clock that the test controls. */
class Scene {
  readonly clock: FakeClock = fakeClock();
  leadership: Leadership = soleLeadership;
  readonly sent: AlertMessage[] = [];
  readonly logged: string[] = [];
  fleet: FleetSnapshot = fleetSnapshot();
  outcome: PostOutcome = { name: 'delivered', status: 200 };
  changed: () => void = () => {};
  isWhole = true;

  open(
    store: Pick<Store, 'alerts' | 'transaction'>,
    changes: Partial<AlertsConfig> = {},
  ): Promise<LedAlerts> {
    return LedAlerts.open({
      store,
      leadership: this.leadership,
      isWhole: () => this.isWhole,
      clock: this.clock,
      config: { ...config, ...changes },
      snapshot: () => this.fleet,
      onFleetChange: (listener) => {
        this.changed = listener;
        return () => {
          this.changed = () => {};
        };
      },
      log: (event) => this.logged.push(event),
      post: async ({ body }) => {
        this.sent.push(JSON.parse(body) as AlertMessage);
        return this.outcome;
      },
    });
  }

  lose(...names: readonly string[]): void {
    this.fleet = fleetSnapshot({
      agents: names.map((name) => agentSnapshot(name, { isConnected: false, stale: 'gone' })),
    });
    this.changed();
  }

  /** Makes the agents connected and healthy. */
  recover(...names: readonly string[]): void {
    this.fleet = fleetSnapshot({ agents: names.map((name) => agentSnapshot(name)) });
    this.changed();
  }

  get sentTransitions(): readonly string[] {
    return this.sent.flatMap(({ alerts }) => alerts.map(({ subject, state }) => `${subject} ${state}`));
  }

  /** Waits until these notifications have been sent. Advances the clock, while the store answers in real time. */
  async sends(...expected: readonly string[]): Promise<void> {
    await eventually(`${expected.join(', ')} to be sent`, async () => {
      await this.clock.pass(100);
      return this.sentTransitions.length >= expected.length;
    });
    assert.deepEqual(this.sentTransitions, expected);
  }
}

const MINUTE = 60_000;

test('agents lost together are notified in one message, soon after `for` has elapsed', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const alerts = await scene.open(opened.store);
  await scene.clock.pass(2 * MINUTE);
  scene.lose('a1', 'a2');
  await scene.clock.pass(1_000);
  assert.deepEqual(scene.sentTransitions, []);
  await scene.sends('agent:a1 firing', 'agent:a2 firing');
  assert.equal(scene.sent.length, 1);
  assert.deepEqual(alerts.firing.map(({ subject }) => subject).sort(), ['agent:a1', 'agent:a2']);
  scene.recover('a1', 'a2');
  await scene.sends('agent:a1 firing', 'agent:a2 firing', 'agent:a1 resolved', 'agent:a2 resolved');
  await alerts.stop();
  assert.deepEqual(scene.clock.waiting, []);
});

test('a gateway that has just started neither fires nor resolves agent-stale until it has settled', async () => {
  await using opened = await openTestStore();
  const before = new Scene();
  const first = await before.open(opened.store);
  await before.clock.pass(2 * MINUTE);
  before.lose('a1');
  await before.sends('agent:a1 firing');
  await first.stop();

  const after = new Scene();
  after.lose('a1', 'a2');
  const second = await after.open(opened.store);
  await after.clock.pass(MINUTE - 1_000);
  assert.deepEqual(after.sentTransitions, []);
  assert.deepEqual(
    second.firing.map(({ subject }) => subject),
    ['agent:a1'],
  );
  await after.clock.pass(10_000);
  await after.sends('agent:a2 firing');
  after.recover('a1', 'a2');
  await after.sends('agent:a2 firing', 'agent:a1 resolved', 'agent:a2 resolved');
  await second.stop();
});

test('an agent that may be connected to a gateway out of reach is not called stale, for a minute', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const alerts = await scene.open(opened.store);
  await scene.clock.pass(2 * MINUTE);
  scene.isWhole = false;
  scene.lose('a1', 'a2');
  await scene.clock.pass(MINUTE - 1_000);
  assert.deepEqual(scene.sentTransitions, []);
  scene.recover('a1');
  scene.isWhole = true;
  await scene.clock.pass(2 * MINUTE);
  assert.deepEqual(scene.sentTransitions, []);
  scene.isWhole = false;
  scene.lose('a1');
  await scene.clock.pass(MINUTE + 5_000);
  await scene.sends('agent:a1 firing');
  await alerts.stop();
});

test('while the store fails, alerts work from memory, and are written when the store works again', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  let works = true;
  const flaky: Pick<Store, 'alerts' | 'transaction'> = {
    alerts: store.alerts,
    transaction: (work) =>
      works ? store.transaction(work) : Promise.reject(new StoreError('failed', 'The disk is full.')),
  };
  const scene = new Scene();
  const alerts = await scene.open(flaky);
  await scene.clock.pass(2 * MINUTE);
  works = false;
  scene.lose('a1');
  await scene.sends('agent:a1 firing');
  scene.recover('a1');
  await scene.sends('agent:a1 firing', 'agent:a1 resolved');
  assert.ok(scene.logged.includes('store-failed'));
  assert.deepEqual(await store.alerts.list({ limit: 10 }), []);
  works = true;
  await eventually('the alert to be stored', async () => {
    await scene.clock.pass(10_000);
    const [alert] = await store.alerts.list({ limit: 10 });
    const deliveries = await store.alerts.deliveriesOf([alert?.id ?? '']);
    assert.equal(alert?.state, 'resolved');
    return deliveries.length === 2 && deliveries.every(({ state }) => state === 'delivered');
  });
  await alerts.stop();
});

test('a hanging store delays a message by two seconds at most', async () => {
  await using opened = await openTestStore();
  const hanging = Promise.withResolvers<never>();
  const scene = new Scene();
  const alerts = await scene.open({ alerts: opened.store.alerts, transaction: () => hanging.promise });
  await scene.clock.pass(2 * MINUTE);
  scene.lose('a1');
  await scene.clock.pass(3_000);
  assert.deepEqual(scene.sentTransitions, []);
  await scene.sends('agent:a1 firing');
  hanging.reject(new StoreError('timeout', 'It was too slow.'));
  await alerts.stop();
  assert.deepEqual(scene.clock.waiting, []);
});

test('a reload changes rules and receivers, and resolves alerts without a rule', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const alerts = await scene.open(opened.store);
  await scene.clock.pass(2 * MINUTE);
  scene.outcome = { name: 'failed', detail: 'The receiver responded with HTTP 503.', retryAfter: undefined };
  scene.lose('a1');
  await eventually('an attempt', async () => {
    await scene.clock.pass(100);
    return scene.logged.includes('notification-failed');
  });
  await alerts.apply({ ...config, alerts: [], receivers: [] });
  await eventually('the alert to be resolved', async () => {
    await scene.clock.pass(100);
    return alerts.firing.length === 0;
  });
  assert.equal(await alerts.test('ops'), 'unknown');
  await alerts.stop();
  const [alert] = await opened.store.alerts.list({ limit: 10 });
  const deliveries = await opened.store.alerts.deliveriesOf([alert?.id ?? '']);
  assert.deepEqual(
    [alert?.state, ...deliveries.map(({ state, lastError }) => `${state}: ${lastError}`)],
    ['resolved', 'abandoned: The receiver is no longer in gateway.yaml.'],
  );
  assert.ok(scene.logged.includes('notification-abandoned'));
});

test('a test message is sent to the named receiver, one at a time', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const alerts = await scene.open(opened.store);
  const [one, other] = await Promise.all([alerts.test('ops'), alerts.test('ops')]);
  assert.deepEqual([one, other], [{ name: 'delivered', status: 200, milliseconds: 0 }, 'busy']);
  assert.deepEqual(
    scene.sent.map(({ kind, firing }) => [kind, firing]),
    [['test', 0]],
  );
  await alerts.stop();
});

test('a gateway that is not the leader shows alerts of the store, and goes on with them when it takes over', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const leader = new Scene();
  const leading = await leader.open(store);
  leader.lose('a');
  await eventually('the message', async () => {
    await leader.clock.pass(1_000);
    return leader.sent.length === 1;
  });
  const follower = new Scene();
  const led = leadershipOf(false);
  follower.leadership = led;
  await eventually('the delivery to be stored', async () => {
    const [alert] = await store.alerts.list({ limit: 1 });
    const [delivery] = alert === undefined ? [] : await store.alerts.deliveriesOf([alert.id]);
    return delivery?.state === 'delivered';
  });
  const following = await follower.open(store);
  const seen: string[] = [];
  following.onChange(({ subject, state }) => seen.push(`${subject} ${state}`));
  assert.deepEqual(
    following.firing.map(({ subject }) => subject),
    ['agent:a'],
  );
  follower.lose('a', 'b');
  await follower.clock.pass(60_000);
  assert.equal(follower.sent.length, 0, 'only the leader tells receivers');
  await leading.stop();
  led.become(true);
  follower.lose('a', 'b');
  await eventually('the new leader to tell of b alone', async () => {
    await follower.clock.pass(1_000);
    return follower.sent.length > 0;
  });
  assert.deepEqual(
    follower.sent.flatMap(({ alerts }: AlertMessage) => alerts.map(({ subject }) => subject)),
    ['agent:b'],
  );
  assert.deepEqual(seen, ['agent:b firing']);
  led.become(false);
  await eventually('the follower to stop', async () => {
    await follower.clock.pass(1_000);
    return following.firing.length === 2;
  });
  await following.stop();
});

test('a gateway whose lease has ended fires nothing', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const led = leadershipOf(true);
  scene.leadership = led;
  const alerts = await scene.open(opened.store);
  await scene.clock.pass(2 * MINUTE);
  led.isLeader = false;
  scene.lose('a');
  await scene.clock.pass(MINUTE);
  await alerts.stop();
  assert.deepEqual(await opened.store.alerts.list({ limit: 10 }), []);
  assert.deepEqual(scene.sent, []);
});

test('a gateway repeats no message once the store has named another leader', async () => {
  await using opened = await openTestStore();
  const scene = new Scene();
  const led = leadershipOf(true);
  scene.leadership = led;
  const alerts = await scene.open(opened.store);
  await scene.clock.pass(2 * MINUTE);
  scene.outcome = { name: 'failed', detail: 'It did not respond.', retryAfter: undefined };
  scene.lose('a');
  await scene.sends('agent:a firing');
  led.requireLead = async () => {
    throw new LeadershipLostError('Another gateway is the leader now.');
  };
  await eventually('the next attempt to be prepared', async () => {
    // In small steps: the store answers in real time, and is not waited for longer than two seconds.
    await scene.clock.pass(100);
    return scene.logged.includes('store-failed');
  });
  await scene.clock.pass(10 * MINUTE);
  await alerts.stop();
  assert.deepEqual(scene.sentTransitions, ['agent:a firing']);
});

test('the new leader resolves an alert that the last one fired while the store was away', async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const last = new Scene();
  const first = leadershipOf(true);
  last.leadership = first;
  let isAway = false;
  const away = { outage: 'unreachable' } as const;
  const leading = await last.open({
    alerts: store.alerts,
    transaction: (work) =>
      isAway ? Promise.reject(new StoreError('failed', 'It is away.', away)) : store.transaction(work),
  });
  await last.clock.pass(2 * MINUTE);
  isAway = true;
  last.lose('a', 'b');
  await last.sends('agent:a firing', 'agent:b firing');
  // Another gateway finds b alone: a came back when nobody led.
  const next = new Scene();
  const following = await next.open(store);
  await next.clock.pass(2 * MINUTE);
  next.lose('b');
  await next.sends('agent:b firing');

  isAway = false;
  first.requireLead = async () => {
    throw new LeadershipLostError('Another gateway is the leader now.');
  };
  first.become(false);
  const handedOver = await eventually('the alerts to be handed over', async () => {
    await last.clock.pass(1_000);
    const alerts = await store.alerts.list({ limit: 10 });
    return alerts.length === 3 && alerts;
  });
  await leading.stop();
  await following.refresh(handedOver.map(({ id }) => id));
  await next.sends('agent:b firing', 'agent:b resolved', 'agent:a resolved');
  const ids = last.sent.flatMap(({ alerts }) => alerts.map(({ id }) => id)).sort();
  const resolved = next.sent.flatMap(({ alerts }) => alerts).filter(({ state }) => state === 'resolved');
  assert.deepEqual(resolved.map(({ id }) => id).sort(), ids, 'receivers know them by these ids');
  assert.deepEqual(
    following.firing.map(({ subject }) => subject),
    ['agent:b'],
  );
  await following.stop();
});

/** A leadership that the test hands over. */
function leadershipOf(isLeader: boolean) {
  const listeners = new Set<(isLeader: boolean) => void>();
  return {
    ...soleLeadership,
    isLeader,
    onChange(listener: (isLeader: boolean) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    become(next: boolean) {
      this.isLeader = next;
      for (const listener of listeners) listener(next);
    },
  };
}
