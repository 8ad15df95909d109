import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TunnelError } from '@penstock/wire';
import { DialHistory, type DialRecord } from '../../src/routing/dial-history.ts';
import { DialScene } from './dial-scene.ts';

const skippedIn = ({ skipped }: DialRecord) =>
  skipped.map(({ pool, agent, reason }) => `${pool} ${agent} ${reason}`);
const tried = ({ tries }: DialRecord) =>
  tries.map(({ agent, failure }) => `${agent} ${failure?.code ?? 'ok'}`);

async function recordOf(scene: DialScene, dialing: Promise<unknown> = scene.dial()): Promise<DialRecord> {
  await dialing.catch(() => undefined);
  const record = scene.records.at(-1);
  assert.ok(record);
  return record;
}

test('when the first choice succeeds, no skipped agents are recorded', async () => {
  const scene = new DialScene();
  scene.add('a', 'dc1');
  scene.add('b', 'dc2');
  const record = await recordOf(scene);
  assert.deepEqual(record, {
    connection: 'orders',
    client: '10.0.0.9',
    entry: undefined,
    at: scene.clock.wall(),
    milliseconds: 0,
    waited: 0,
    failure: undefined,
    tries: [{ agent: 'a', pool: 'dc1', replica: undefined, milliseconds: 0, failure: undefined }],
    skipped: [],
  });
});

test('a failover records every try, and why each other agent was skipped', async () => {
  const scene = new DialScene();
  scene.add('a', 'dc1', 'REFUSED');
  scene.add('leaving', 'dc1').acceptsOpens = false;
  scene.add('other-file', 'dc1').connectors = [];
  scene.add('b', 'dc2').load = 1;
  scene.add('busy', 'dc2').load = 5;
  const record = await recordOf(scene);
  assert.equal(record.failure, undefined);
  assert.deepEqual(tried(record), ['a REFUSED', 'b ok']);
  assert.deepEqual(skippedIn(record), [
    'dc1 a tried',
    'dc1 leaving draining',
    'dc1 other-file no-connector',
    'dc2 busy busier',
  ]);
});

test('agents of a preferred pool that was not used are recorded, even if nothing failed', async () => {
  const scene = new DialScene();
  const full = scene.add('a', 'dc1');
  full.acceptsOpens = false;
  full.unavailableFor = 'full';
  scene.add('b', 'dc2');
  assert.deepEqual(skippedIn(await recordOf(scene)), ['dc1 a full']);
});

test('a dial that found no agent records its time in the queue', async () => {
  const scene = new DialScene();
  scene.add('b', 'dc2').acceptsOpens = false;
  scene.wait = async () => {
    scene.clock.block(700);
    throw new TunnelError('QUEUE_TIMEOUT', 'No agent.');
  };
  const record = await recordOf(scene);
  assert.deepEqual(record.failure, {
    code: 'QUEUE_TIMEOUT',
    detail: 'No agent. Connected agents: 1 draining.',
  });
  assert.deepEqual([record.waited, record.milliseconds, record.tries.length], [700, 700, 0]);
  assert.deepEqual(skippedIn(record), ['dc1 undefined no-agent', 'dc2 b draining']);
});

test('ejected agents and agents excluded for this client are recorded with that reason', async () => {
  const scene = new DialScene();
  scene.add('a', 'dc1', 'REFUSED');
  scene.add('b', 'dc1', 'REFUSED');
  const agents = ['id-a', 'id-b'];
  for (const _ of [1, 2]) scene.ejection.failed('orders-db', 'id-a', 'REFUSED', agents);
  const dialing = scene.dial(undefined, { onlyAgent: 'id-b' });
  assert.deepEqual(skippedIn(await recordOf(scene, dialing)), [
    'dc1 a other-agent',
    'dc1 b tried',
    'dc2 undefined no-agent',
  ]);
  scene.add('c', 'dc2');
  assert.deepEqual(skippedIn(await recordOf(scene)), ['dc1 a ejected', 'dc1 b tried']);
});

test('an agent whose own check fails is recorded with that reason', async () => {
  const scene = new DialScene();
  scene.add('a', 'dc1');
  scene.add('b', 'dc2');
  scene.failing.add('id-a');
  assert.deepEqual(skippedIn(await recordOf(scene)), ['dc1 a check-failing']);
});

const record = (at: number, connection = 'orders', failed = false): DialRecord => ({
  connection,
  client: '10.0.0.9',
  at,
  milliseconds: 1,
  waited: 0,
  failure: failed ? { code: 'REFUSED', detail: '' } : undefined,
  tries: [],
  skipped: [],
});

test('history keeps the last of each kind, newest first: successes do not displace a failure', () => {
  const history = new DialHistory();
  history.add(record(0, 'orders', true));
  for (let at = 1; at <= 500; at += 1) history.add(record(at));
  const kept = history.of('orders');
  assert.deepEqual(
    kept.map(({ at }) => at),
    [500, 499, 498, 497, 496, 495, 494, 493, 492, 491, 0],
  );
  for (let at = 501; at <= 520; at += 1) history.add(record(at, 'orders', true));
  assert.equal(history.of('orders').length, 20);
  assert.deepEqual(history.of('billing'), []);
});

test('history drops connections that were removed from the configuration', () => {
  const history = new DialHistory();
  history.add(record(1));
  history.add(record(1, 'billing'));
  history.keepOnly(new Set(['billing']));
  assert.deepEqual([history.of('orders').length, history.of('billing').length], [0, 1]);
});
