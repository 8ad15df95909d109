import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { admin, created, type RolloutScene, rolloutScene, type Seat } from './rollout-scene.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OLD = '1.0.0';
const NEW = '1.1.0';
const software = { kind: 'software', pools: ['dc1'], version: NEW } as const;

const runs = (version: number) => ({ config: { version, digest: `sha256:${version}` } });

/** The host of an agent that runs `version`, and how far its upgrade to another one is. */
const host = (version: string, progress: { rollout?: string; state?: string; to?: string } = {}) => ({
  softwareVersion: version,
  upgrade: { upgrader: 'host', policy: 'allow', installed: [], failed: [], since: 1, ...progress } as never,
});

/** The states of the agents of a rollout in the store, by name. */
async function statesOf({ rollouts }: Seat, id: string): Promise<Readonly<Record<string, string>>> {
  const { agents } = await rollouts.detail(id);
  return Object.fromEntries(agents.map(({ name, state }) => [name, state]));
}

async function stageOf({ rollouts }: Seat, id: string) {
  const { stage } = (await rollouts.detail(id)).rollout;
  return { state: stage.state, reason: 'reason' in stage ? stage.reason : undefined };
}

/** The audit trail of a rollout and its agents, oldest first: what was done, and the stage or the reason. */
async function auditOf({ store }: RolloutScene): Promise<readonly string[]> {
  const rows = await store.audit.list({ limit: 100 });
  return rows.reverse().map(({ action, after }) => {
    const { state = '', reason = '' } = JSON.parse(after ?? '{}') as { state?: string; reason?: string };
    return [action, state, reason].filter((part) => part !== '').join(' ');
  });
}

/** Resolves when a gateway has done what it was asked for before: it answers one after the other. */
async function answered({ rollouts }: Seat, id: string): Promise<void> {
  await assert.rejects(rollouts.resume(id, admin), { code: 'ROLLOUT_STATE' });
}

test('a rollback whose leader dies is finished by the next one, which keeps the reason and tells nothing twice', async () => {
  await using at = await rolloutScene('a', 'b', 'c');
  for (const name of 'abc') at.change(name, runs(1));
  await at.publish(1, { isPinned: true });
  await at.publish(2);
  const last = await at.open({ epoch: 1 });
  const next = await at.open();
  const target = { kind: 'config', pool: 'dc1', version: 2 } as const;
  const settings = { canary: 1, probation: MINUTE };
  const id = await created(last.rollouts.create({ target, settings, onFailure: 'roll-back' }, admin));
  const canary = () => last.rollouts.open[0]?.agents.find(({ group }) => group === 0);
  const isCanary = (state: string) => () => canary()?.state === state;
  await at.until('the canary', isCanary('offered'), last, next);
  const { name = '', id: agentId } = canary() ?? {};
  at.change(name, runs(2));
  await at.until('its probation', isCanary('probation'), last, next);
  const pinned = async () =>
    (await at.store.pins.list()).map(({ scope, subject, version }) => `${scope} ${subject} ${version}`);
  assert.deepEqual(await pinned(), [`agent ${agentId} 2`, 'pool dc1 1']);
  at.change(name, { ...runs(2), state: 'unhealthy' as never });
  await at.until('it to be told to go back', isCanary('rolling-back'), last, next);
  await last.stop();
  last.epoch = undefined;
  next.epoch = 2;
  await next.clock.pass(10 * SECOND);
  assert.equal((await stageOf(next, id)).state, 'rolling-back', 'it has not reported yet');
  at.change(name, runs(1));
  await at.until('the end', () => next.rollouts.open.length === 0, next);

  const reason = `Canary ${name} failed: It is connected, but does not accept opens.`;
  assert.deepEqual(await stageOf(next, id), { state: 'rolled-back', reason });
  const { rollout, agents } = await next.rollouts.detail(id);
  assert.equal(rollout.epoch, 2);
  const why = 'It is connected, but does not accept opens.';
  assert.deepEqual(
    agents.map(({ state, reason: own }) => ({ state, reason: own })).sort((one) => (one.reason ? -1 : 1)),
    [
      { state: 'rolled-back', reason: why },
      ...['pending', 'pending'].map((state) => ({ state, reason: undefined })),
    ],
  );
  assert.deepEqual(await pinned(), ['pool dc1 1']);
  assert.deepEqual(await auditOf(at), [
    'rollout.create',
    'rollout.start approved',
    'rollout.step canary',
    `rollout.step halted ${reason}`,
    `rollout.agent-failed ${why}`,
    `rollout.step rolling-back ${reason}`,
    `rollout.step rolled-back ${reason}`,
  ]);
  assert.deepEqual(
    at.told
      .filter(({ event }) => event.startsWith('rollout-'))
      .map(({ event, state }) => `${event} ${state}`),
    [
      'rollout-changed draft',
      'rollout-changed approved',
      'rollout-changed canary',
      'rollout-halted halted',
      'rollout-agent-failed undefined',
      'rollout-changed rolling-back',
      'rollout-changed rolled-back',
    ],
  );
  assert.match(next.rollouts.alarms[0]?.detail ?? '', /does not accept opens/);
});

test('a leader that dies in the middle of a group is followed by one that changes no agent twice', async () => {
  const names = [...'abcdef'];
  await using at = await rolloutScene(...names);
  for (const name of names) at.change(name, host(OLD));
  const last = await at.open({ epoch: 1 });
  const next = await at.open();
  const settings = {
    canary: 1,
    soak: 0,
    groupSoak: 0,
    inFlight: 40,
    probation: 5 * SECOND,
    deadline: 5 * MINUTE,
  };
  const id = await created(
    last.rollouts.create({ target: software, settings, onFailure: 'roll-back' }, admin),
  );
  /** Agents that a gateway has told to upgrade, or to switch. */
  const told = (type: string, ...seats: readonly Seat[]) =>
    seats.flatMap(({ sent }) =>
      sent.filter(({ message }) => message.type === type).map(({ agent }) => agent.replace('agt_', '')),
    );
  const waiting = new Set<string>();
  const switched = new Set<string>();
  /** Has every host do what it is told: it stages what it is offered, asks until it may switch, and switches. */
  const work = (leader: Seat) => {
    for (const name of told('go', last, next)) {
      if (switched.has(name)) continue;
      switched.add(name);
      at.change(name, host(NEW, { rollout: id, state: 'committed', to: NEW }));
    }
    for (const name of told('upgrade', last, next)) {
      if (switched.has(name)) continue;
      if (!waiting.has(name)) at.change(name, host(OLD, { rollout: id, state: 'waiting', to: NEW }));
      waiting.add(name);
      leader.ask(name, id, NEW);
    }
  };
  const count = (states: Readonly<Record<string, string>>, wanted: string) =>
    Object.values(states).filter((state) => state === wanted).length;
  await at.until(
    'the middle of the last group',
    async () => {
      const states = await statesOf(last, id);
      // Two agents change at the same time: what they are told arrives, and what they do about it is never heard here.
      if (count(states, 'updated') >= 3 && count(states, 'offered') === 2) return true;
      work(last);
      return false;
    },
    last,
    next,
  );
  const before = (await last.rollouts.detail(id)).agents;
  await last.stop();
  last.epoch = undefined;
  next.epoch = 2;
  await at.until(
    'the end',
    async () => {
      work(next);
      return (await stageOf(next, id)).state === 'done';
    },
    next,
  );
  const { agents } = await next.rollouts.detail(id);
  assert.equal(agents.filter(({ state }) => state === 'updated').length, names.length);
  for (const { id: agent, state, since } of before) {
    if (state === 'updated') assert.equal(agents.find((each) => each.id === agent)?.since, since);
  }
  assert.ok(told('upgrade', last).length > 3 && told('go', next).length > 0, 'both have led');
  assert.deepEqual(told('go', last, next).sort(), names);
  // An offer that no agent has reported yet is repeated.
  assert.deepEqual([...new Set(told('upgrade', last, next))].sort(), names);
});

test('a leader that was paused in the middle of a step, and replaced, changes and sends nothing when it goes on', async () => {
  await using at = await rolloutScene('a', 'b');
  for (const name of 'ab') at.change(name, host(OLD));
  let held: Promise<void> | undefined;
  const transaction: typeof at.store.transaction = async (work) => {
    await held;
    return at.store.transaction(work);
  };
  const store = new Proxy(at.store, {
    get: (own, key) => (key === 'transaction' ? transaction : Reflect.get(own, key)),
  });
  const paused = await at.open({ epoch: 1, clock: fakeClock(), store });
  const settings = { canary: 100 };
  const id = await created(
    paused.rollouts.create({ target: software, settings, onFailure: 'roll-back' }, admin),
  );
  await at.until('the offers', () => paused.sent.length === 2, paused);
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  at.change('a', host(NEW));
  await paused.clock.pass(2 * SECOND);
  paused.clock.block(MINUTE);

  const next = await at.open({ epoch: 2, clock: fakeClock() });
  await next.rollouts.cancel(id, true, admin);
  await at.until('b to be back', async () => (await statesOf(next, id))['b'] === 'rolled-back', next);
  const facts = async () => ({
    detail: await next.rollouts.detail(id),
    audit: await auditOf(at),
    pins: await at.store.pins.list(),
    sent: paused.sent.map(({ agent, message }) => ({ agent, ...message })),
    told: at.told.length,
  });
  const before = await facts();
  assert.deepEqual(before.detail.rollout.stage, {
    state: 'rolling-back',
    reason: 'Cancelled by admin-token:1.',
  });
  resolve();
  held = undefined;
  const open = () => paused.rollouts.open[0]?.rollout.stage.state;
  await at.until('it to read what has happened', () => open() === 'rolling-back', paused);
  await paused.clock.pass(2 * MINUTE);
  paused.ask('a', id, OLD);
  paused.ask('b', id, NEW);
  await answered(paused, id);
  assert.deepEqual(await facts(), before);

  at.change('a', host(OLD));
  await at.until('the end', async () => (await stageOf(next, id)).state === 'rolled-back', next);
  const after = await facts();
  await at.until('it to read the end', () => open() === undefined, paused);
  assert.deepEqual(await facts(), after);
});

test('a new leader first reads what the last one has done', async () => {
  await using at = await rolloutScene('a');
  at.change('a', host(OLD));
  const last = await at.open({ epoch: 1 });
  const settings = { canary: 100 };
  const id = await created(
    last.rollouts.create({ target: software, settings, onFailure: 'roll-back' }, admin),
  );
  await at.until('the offer', () => last.sent.length === 1, last);
  const next = await at.open({ clock: fakeClock() });
  await last.rollouts.cancel(id, true, admin);
  await last.stop();
  last.epoch = undefined;
  next.epoch = 2;
  await at.until('the end', async () => (await stageOf(next, id)).state === 'rolled-back', next);
  assert.deepEqual(next.sent, [], 'it offers nothing that was withdrawn');
});

test('only the leader answers agents that go back and ask for their turn', async () => {
  await using at = await rolloutScene('a', 'b');
  for (const name of 'ab') at.change(name, host(OLD));
  at.setMinReady(1);
  const leader = await at.open({ epoch: 1 });
  const other = await at.open();
  const settings = { canary: 100, inFlight: 50 };
  const id = await created(
    leader.rollouts.create({ target: software, settings, onFailure: 'roll-back' }, admin),
  );
  await at.until('the offers', () => leader.sent.length === 2, leader, other);
  for (const name of 'ab') at.change(name, host(NEW));
  await leader.rollouts.cancel(id, true, admin);
  const isReturning = async () =>
    Object.values(await statesOf(leader, id)).every((state) => state === 'rolling-back');
  await at.until('both to be told to go back', isReturning, leader, other);
  await at.clock.pass(10 * SECOND);
  const before = leader.sent.length;
  // Every replica hears the questions, in an order of its own.
  for (const name of ['a', 'b']) leader.ask(name, id, OLD);
  for (const name of ['b', 'a']) other.ask(name, id, OLD);
  // Offers are repeated meanwhile.
  const answers = () =>
    leader.sent.slice(before).filter(({ message: { type } }) => type === 'go' || type === 'wait');
  await at.until('the answers', () => answers().length >= 2, leader, other);
  assert.deepEqual(
    answers().map(({ agent, message }) => `${agent} ${message.type}`),
    ['agt_a go', 'agt_b wait'],
  );
  await answered(other, id);
  assert.deepEqual(other.sent, []);
});

test('a new leader waits for agents that the last one may have permitted to go back', async () => {
  await using at = await rolloutScene('a', 'b');
  for (const name of 'ab') at.change(name, host(OLD));
  at.setMinReady(1);
  const last = await at.open({ epoch: 1 });
  const settings = { canary: 100, inFlight: 50 };
  const id = await created(
    last.rollouts.create({ target: software, settings, onFailure: 'roll-back' }, admin),
  );
  await at.until('the offers', () => last.sent.length === 2, last);
  for (const name of 'ab') at.change(name, host(NEW));
  await last.rollouts.cancel(id, true, admin);
  const isReturning = async () =>
    Object.values(await statesOf(last, id)).every((state) => state === 'rolling-back');
  await at.until('both to be told to go back', isReturning, last);
  last.ask('a', id, OLD);
  await at.until('the permission', () => last.sent.at(-1)?.message.type === 'go', last);
  await last.stop();
  last.epoch = undefined;
  const next = await at.open({ epoch: 2 });
  const answerTo = async (name: string) => {
    const before = next.sent.length;
    next.ask(name, id, OLD);
    const isAnswer = ({ message: { type } }: (typeof next.sent)[number]) => type === 'go' || type === 'wait';
    await at.until('the answer', () => next.sent.slice(before).some(isAnswer), next);
    return next.sent.slice(before).find(isAnswer)?.message.type;
  };
  assert.equal(await answerTo('b'), 'wait');
  await at.clock.pass(2 * MINUTE);
  assert.equal(await answerTo('b'), 'go', 'the permission of the other one is over');
});
