import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentHealth, defaultLimits, type Observation, Probation } from '../src/index.ts';

const MINUTE = 60_000;
const running: Observation = { state: 'active', isHung: false, invocation: 'new' };
const healthy: AgentHealth = {
  format: 1,
  version: '2.0.0',
  at: 0,
  acknowledged: true,
  sessions: { ready: 2, wanted: 2 },
  failing: ['always'],
  isGatewayBusy: false,
};
const deaf: AgentHealth = { ...healthy, acknowledged: false, sessions: { ready: 0, wanted: 2 } };

const probation = (successor?: string) =>
  new Probation(
    { version: '2.0.0', before: 'old', successor, failing: ['always'], limits: defaultLimits },
    0,
  );

test('it takes ten minutes without a restart, and the old process does not count', () => {
  const watch = probation();
  const stopping: Observation = { state: 'stopping', isHung: false, invocation: 'old' };
  assert.equal(watch.look(0, stopping, { ...healthy, version: '1.0.0' }).name, 'wait');
  assert.equal(watch.look(30_000, running, healthy).name, 'wait');
  assert.equal(watch.look(10 * MINUTE, running, healthy).name, 'wait');
  assert.equal(watch.look(10 * MINUTE + 30_000, running, healthy).name, 'good');
});

test('a restart ends it, also one that happened while no updater was watching', () => {
  const other: Observation = { ...running, invocation: 'third' };
  const watch = probation();
  watch.look(0, running, healthy);
  const verdict = watch.look(9 * MINUTE, other, healthy);
  assert.deepEqual([verdict.name, verdict.name === 'bad' && verdict.code], ['bad', 'EXITED']);
  const missed = probation('new').look(0, other, healthy);
  assert.equal(missed.name, 'bad');
});

test('what is not ready in a minute, or was stopped by the watchdog, hangs', () => {
  const watch = probation();
  const starting: Observation = { state: 'starting', isHung: false, invocation: 'new' };
  assert.equal(watch.look(0, starting, undefined).name, 'wait');
  const late = watch.look(MINUTE, starting, undefined);
  assert.equal(late.name === 'bad' && late.code, 'HUNG');
  const killed = probation().look(0, { state: 'restarting', isHung: true, invocation: '' }, undefined);
  assert.equal(killed.name === 'bad' && killed.code, 'HUNG');
});

test('two unhealthy minutes ask for a comparison; an agent that recovers is committed later', () => {
  const watch = probation();
  watch.look(0, running, healthy);
  assert.equal(watch.look(MINUTE, running, deaf).name, 'wait');
  assert.equal(watch.look(2 * MINUTE, running, healthy).name, 'wait');
  assert.equal(watch.look(3 * MINUTE, running, deaf).name, 'wait');
  assert.equal(watch.look(5 * MINUTE, running, deaf).name, 'compare');
  assert.equal(watch.compared(5 * MINUTE, false, deaf).name, 'wait');
  assert.equal(watch.look(50 * MINUTE, running, healthy).name, 'wait', 'it must be healthy for a while');
  assert.equal(watch.look(51 * MINUTE, running, healthy).name, 'good');
});

test('a gateway that is away extends it to an hour, and the version is not blamed', () => {
  const watch = probation();
  watch.look(0, running, healthy);
  watch.look(MINUTE, running, deaf);
  assert.equal(watch.compared(59 * MINUTE, false, deaf).name, 'wait');
  const end = watch.compared(60 * MINUTE, false, deaf);
  assert.equal(end.name === 'bad' && end.code, 'GATEWAY_UNREACHABLE');
});

test('a gateway that says later is no fault of the version, even if the previous one gets through', () => {
  const watch = probation();
  watch.look(0, running, healthy);
  assert.equal(watch.compared(5 * MINUTE, true, { ...deaf, isGatewayBusy: true }).name, 'wait');
  assert.equal(watch.compared(5 * MINUTE, true, deaf).name, 'wait');
  const end = watch.compared(6 * MINUTE, true, deaf);
  assert.equal(end.name === 'bad' && end.code, 'NO_HEARTBEAT');
});

test('a version is not blamed as soon as a gateway that was away is back: it has a minute to reconnect', () => {
  const watch = probation();
  watch.look(0, running, healthy);
  watch.look(MINUTE, running, deaf);
  assert.equal(watch.compared(5 * MINUTE, false, deaf).name, 'wait');
  assert.equal(watch.compared(6 * MINUTE, true, deaf).name, 'wait');
  assert.equal(watch.compared(6.5 * MINUTE, false, deaf).name, 'wait', 'it is away again');
  assert.equal(watch.compared(7 * MINUTE, true, deaf).name, 'wait');
  assert.equal(watch.look(7.5 * MINUTE, running, healthy).name, 'wait');
  assert.equal(watch.look(11 * MINUTE, running, healthy).name, 'good');
});

test('what is worse than before is named', () => {
  const watch = probation();
  watch.look(0, running, healthy);
  const fewer = { ...healthy, sessions: { ready: 1, wanted: 2 } };
  watch.compared(4 * MINUTE, true, fewer);
  const sessions = watch.compared(5 * MINUTE, true, fewer);
  assert.equal(sessions.name === 'bad' && sessions.code, 'SESSIONS_MISSING');
  const failing = { ...healthy, failing: ['always', 'orders'] };
  const checks = watch.compared(5 * MINUTE, true, failing);
  assert.ok(checks.name === 'bad' && checks.code === 'CHECKS_WORSE' && checks.detail.includes('orders'));
  assert.ok(checks.name === 'bad' && !checks.detail.includes('always'));
});

test('a service that somebody stops can be started again within the probation', () => {
  const stopped: Observation = { state: 'stopped', isHung: false, invocation: '' };
  const watch = probation();
  watch.look(0, running, healthy);
  assert.equal(watch.look(MINUTE, stopped, undefined).name, 'wait');
  assert.equal(watch.isStopped(MINUTE), false, 'it may be restarting');
  assert.equal(watch.isStopped(2 * MINUTE), true);
  const end = watch.look(10 * MINUTE, stopped, undefined);
  assert.equal(end.name === 'bad' && end.code, 'SERVICE_STOPPED');
});
