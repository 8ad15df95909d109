import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { Admission } from '../../src/tunnel/admission.ts';

test('connections of one address are limited, others are not affected', () => {
  const admission = new Admission({ sessionsPerAddress: 2, acceptRate: 10 }, fakeClock());
  const first = admission.connect('10.0.0.1');
  assert.ok(first);
  assert.ok(admission.connect('10.0.0.1'));
  assert.equal(admission.connect('10.0.0.1'), undefined);
  assert.ok(admission.connect('10.0.0.2'));
  first.release();
  first.release();
  assert.ok(admission.connect('10.0.0.1'));
  assert.equal(admission.connect('10.0.0.1'), undefined);
});

test('unauthenticated connections are limited over all addresses, and refused ones are counted', () => {
  const admission = new Admission({ sessionsPerAddress: 2, acceptRate: 10 }, fakeClock(), 2);
  const first = admission.connect('10.0.0.1');
  const second = admission.connect('10.0.0.2');
  assert.ok(first && second);
  assert.equal(admission.connect('10.0.0.3'), undefined);
  assert.equal(admission.refused, 1);
  first.authenticate();
  first.authenticate();
  assert.ok(admission.connect('10.0.0.3'), 'an agent makes room');
  assert.equal(admission.connect('10.0.0.4'), undefined);
  first.release();
  assert.equal(admission.connect('10.0.0.4'), undefined, 'but not twice');
  second.release();
  assert.ok(admission.connect('10.0.0.4'));
  assert.equal(admission.refused, 3);
});

test('there is room for 1,024 unauthenticated connections', () => {
  const admission = new Admission({ sessionsPerAddress: 10, acceptRate: 10 }, fakeClock());
  let count = 0;
  while (admission.connect(`address ${count}`) !== undefined) count += 1;
  assert.equal(count, 1024);
});

test('sessions are limited to a burst, then to the rate', async () => {
  const clock = fakeClock();
  const admission = new Admission({ sessionsPerAddress: 2, acceptRate: 10 }, clock);
  const taken = () => {
    let count = 0;
    while (admission.takeSession() === undefined) count += 1;
    return count;
  };
  assert.equal(taken(), 10);
  await clock.pass(300);
  assert.equal(taken(), 3);
  await clock.pass(3_600_000);
  assert.equal(taken(), 10);
});

test('a session beyond the rate gets a random time to retry after', () => {
  const clock = fakeClock();
  const admission = new Admission({ sessionsPerAddress: 2, acceptRate: 1 }, clock);
  assert.equal(admission.takeSession(), undefined);
  clock.chance(0);
  assert.deepEqual(admission.takeSession(), { retryAfter: 1 });
  clock.chance(0.999);
  assert.deepEqual(admission.takeSession(), { retryAfter: 5 });
});
