import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { watchDescriptors } from '../../src/observe/watch-descriptors.ts';

test('exhausted descriptors are logged every second, and their recovery once', async () => {
  const clock = fakeClock();
  const logged: string[] = [];
  let problem: string | undefined;
  const stop = watchDescriptors(
    clock,
    (event, fields) => logged.push(`${event} ${fields?.['detail'] ?? ''}`),
    () => problem,
  );
  const afterOneSecond = async (found: string | undefined) => {
    problem = found;
    await clock.pass(1_000);
    return logged.splice(0);
  };
  assert.deepEqual(await afterOneSecond(undefined), []);
  assert.deepEqual(await afterOneSecond('full'), ['descriptors-exhausted full']);
  assert.deepEqual(await afterOneSecond('full'), ['descriptors-exhausted full']);
  assert.deepEqual(await afterOneSecond(undefined), ['descriptors-recovered ']);
  assert.deepEqual(await afterOneSecond(undefined), []);
  stop();
  assert.deepEqual(await afterOneSecond('full'), []);
});
