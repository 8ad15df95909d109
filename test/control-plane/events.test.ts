import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventReader, readEvents } from '../rig/event-reader.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';

/** Returns the next event of an agent. */
async function nextOfAgent(events: EventReader): Promise<string> {
  for (;;) {
    const next = await events.next();
    assert.ok(next, 'the stream has ended');
    if (next.event !== 'agent') continue;
    const { name, state } = next.data as { name: string; state: string };
    return `${name} ${state}`;
  }
}

test('a listener sees an agent disconnect and reconnect, and the stream ends when the gateway drains', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' } });
  const { token } = await pair.api('POST /admin-tokens', { name: 'a console', role: 'viewer' });
  const url = `http://127.0.0.1:${pair.gateway.admin.port}`;
  await using events = await readEvents(url, String(token));
  await pair.stopAgent('a1');
  let seen: string;
  do seen = await nextOfAgent(events);
  while (seen !== 'a1 disconnected');
  await pair.startAgent('a1');
  do seen = await nextOfAgent(events);
  while (seen !== 'a1 connected');

  const drained = pair.gateway.drain();
  while ((await events.next()) !== undefined);
  await drained;
});
