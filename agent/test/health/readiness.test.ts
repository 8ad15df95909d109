import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Readiness } from '../../src/health/readiness.ts';

test('an agent is ready only while the gateway acknowledges heartbeats', async () => {
  const clock = fakeClock();
  const readiness = new Readiness(clock);
  assert.equal(readiness.report().ready, false);
  assert.match(readiness.report().reasons.join(), /not acknowledged a heartbeat yet/);
  readiness.acknowledged(1000);
  assert.deepEqual(readiness.report(), { ready: true, reasons: [] });
  await clock.pass(2_500);
  assert.equal(readiness.report().ready, true);
  await clock.pass(1);
  assert.equal(readiness.report().ready, false);
  assert.match(readiness.report().reasons.join(), /3 s ago/);
  readiness.acknowledged(1000);
  assert.equal(readiness.report().ready, true);
});

test('readiness uses the gateway’s heartbeat interval', async () => {
  const clock = fakeClock();
  const readiness = new Readiness(clock);
  readiness.acknowledged(60_000);
  await clock.pass(100_000);
  assert.equal(readiness.report().ready, true);
});

test('a draining agent is not ready, even if heartbeats are acknowledged', () => {
  const readiness = new Readiness(fakeClock());
  readiness.acknowledged(1000);
  readiness.drain();
  readiness.acknowledged(1000);
  assert.deepEqual(readiness.report(), { ready: false, reasons: ['The agent is draining.'] });
});
