import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './eventually.ts';
import { expectNoLeaks } from './leaks.ts';
import { startHanging } from './targets.ts';

test('a leaked timer and a leaked server are reported by name', async () => {
  const leaks = expectNoLeaks({ within: 50 });
  const timer = setInterval(() => {}, 60_000);
  await using _server = await startHanging();
  await assert.rejects(
    async () => await leaks[Symbol.asyncDispose](),
    /1 TCPServerWrap.*1 Timeout|1 Timeout.*1 TCPServerWrap/,
  );
  clearInterval(timer);
});

test('a resource that is closed shortly afterwards is not a leak', async () => {
  await using _leaks = expectNoLeaks();
  setTimeout(() => {}, 30);
});

test('eventually returns the value, or reports what it waited for and the last state', async () => {
  let calls = 0;
  const third = await eventually('the third call', () => {
    calls += 1;
    return calls === 3 && 'value';
  });
  assert.equal(third, 'value');
  await assert.rejects(
    eventually('a miracle', () => assert.equal(1, 2), { within: 20 }),
    /Waited 20 ms for a miracle\. Last seen: [\s\S]*1 !== 2/,
  );
});
