import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { watchDescriptors } from '../../src/observe/watch-descriptors.ts';

test('what is exhausted is told once a second, and once that it is over', async () => {
  const clock = fakeClock();
  const logged: string[] = [];
  let problem: string | undefined;
  const stop = watchDescriptors(
    clock,
    (event, fields) => logged.push(`${event} ${fields?.['detail'] ?? ''}`),
    () => problem,
  );
  const second = async (found: string | undefined) => {
    problem = found;
    await clock.pass(1_000);
    return logged.splice(0);
  };
  assert.deepEqual(await second(undefined), []);
  assert.deepEqual(await second('full'), ['descriptors-exhausted full']);
  assert.deepEqual(await second('full'), ['descriptors-exhausted full']);
  assert.deepEqual(await second(undefined), ['descriptors-recovered ']);
  assert.deepEqual(await second(undefined), []);
  stop();
  assert.deepEqual(await second('full'), []);
});
