import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';

test('a gateway that settles is not ready, sends its agents away, refuses new sessions for now, and still takes clients', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    // So long that the second agent still has its sessions when the first has been sent away.
    gateway: { drain: { settle: '3s', spread: '10s', timeout: '5s' } },
    agents: { a1: 'dc1', a2: 'dc1' },
  });
  const connect = () => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
  await using held = await connect();
  assert.equal(await held.echo('before'), 'before');
  const received = held.receive();
  const port = pair.port('echo');
  const asked = pair.event('session-draining');
  const drained = pair.gateway.drain();
  const ready = await fetch(`http://127.0.0.1:${pair.gateway.admin.port}/readyz`, {
    headers: { connection: 'close' },
  });
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /draining/);
  assert.equal((await asked)['by'], 'gateway');
  // Clients still come in, before the load balancer has noticed.
  await using late = await TestClient.connect({ host: '127.0.0.1', port });
  assert.equal(
    pair.logged.some(({ event }) => event === 'client-denied'),
    false,
  );

  // The agents come back to this gateway, which is the only one, and are told to try again.
  const failed = await pair.event('session-failed', { past: true });
  assert.equal(failed['code'], 'SESSION_LOST');
  assert.match(String(failed['detail']), /drains\. Connect again to reach another replica/);
  assert.ok(Number(failed['retryIn']) < 10_000, 'it is retryable');
  assert.equal(
    pair.logged.some(({ event }) => event === 'session-lost'),
    false,
    'no connection was cut',
  );

  held.finish();
  assert.equal((await received).ended, 'fin');
  late.reset();
  await drained;
  await eventually('the port to be closed', () =>
    TestClient.connect({ host: '127.0.0.1', port }).then(
      (client) => {
        client.reset();
        return false;
      },
      () => true,
    ),
  );
});

test('agents are sent away one after the other, with all their sessions', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    gateway: { drain: { settle: '500ms', spread: '1m', timeout: '1s' } },
    agents: { a1: 'dc1', a2: 'dc1', a3: 'dc1' },
  });
  await pair.gateway.drain();
  const asked = pair.logged.filter(({ event, by }) => event === 'session-draining' && by === 'gateway');
  const order = asked.map(({ agent }) => agent);
  assert.equal(order.length, 6);
  assert.deepEqual(order, [...Map.groupBy(order, (agent) => agent).values()].flat(), `${order}`);
});
