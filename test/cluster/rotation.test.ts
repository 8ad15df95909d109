import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Clock, systemClock } from '@penstock/runtime';
import { startBalancer } from '../rig/balancer.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { fakeClock } from '../rig/fake-clock.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { pseudorandomHash, pseudorandomStream, receive } from '../rig/pseudorandom.ts';
import { startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';

const HOUR = 3_600_000;
const TRANSFER_BYTES = 32 * 1024 * 1024;

/** The system clock, except that timers of hours wait until the test lets `hours` pass. */
function clockOfHours() {
  const hours = fakeClock();
  const after: Clock['after'] = (milliseconds, callback) =>
    (milliseconds < HOUR ? systemClock : hours).after(milliseconds, callback);
  return { hours, clock: { ...systemClock, after } };
}

test('after twelve hours or so a session is replaced, by one to a replica that was away, and clients notice nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  const { hours, clock } = clockOfHours();
  await using replicas = await startReplicas(['r1', 'r2'], {
    targets: { db: target.address.port },
    agents: {},
    agent: { gateway: { sessions: 1 } },
    clock,
  });
  const { pair } = replicas;
  let leadsTo = replicas.gateway('r1').tunnel.port;
  await using balancer = await startBalancer(() => leadsTo);
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${balancer.port}` } });
  await pair.connected('a1');
  const of = (event: string) => pair.logged.filter((entry) => entry.event === event);
  const replicasOfSessions = () => of('session-ready').map(({ replica }) => replica);

  await using local = await replicas.client('r1', 'db');
  assert.equal(await local.echo('at the replica of the agent'), 'at the replica of the agent');
  await using relayed = await replicas.client('r2', 'db');
  assert.equal(await relayed.echo('at the other one'), 'at the other one');
  await using transfer = await replicas.client('r1', 'db');
  const received = receive(transfer.socket);
  const source = pseudorandomStream(TRANSFER_BYTES, 11);
  const sent = once(source, 'end');
  // Without its end: the connection is open when the session is replaced, however fast this machine is.
  source.pipe(transfer.socket, { end: false });

  leadsTo = replicas.gateway('r2').tunnel.port;
  const [due = 0, ...others] = hours.waiting;
  assert.deepEqual(others, [], 'one session, one rotation');
  assert.ok(due >= 10.8 * HOUR && due <= 13.2 * HOUR, `${due / HOUR} hours`);
  await hours.pass(Math.ceil(due) - 1_000);
  assert.deepEqual(replicasOfSessions(), ['r1'], 'not a second before');
  await hours.pass(1_000);
  await eventually('the old session to be closed', () => of('session-closed').length === 1, {
    within: 60_000,
    state: () => pair.logged.slice(-20),
  });
  assert.deepEqual(replicasOfSessions(), ['r1', 'r2']);
  assert.deepEqual(
    of('session-retired').map(({ reason }) => reason),
    ['it is old'],
  );

  assert.equal(await local.echo('relayed now', 15_000), 'relayed now');
  assert.equal(await relayed.echo('local now', 15_000), 'local now');
  await deadline('everything to be sent', sent, 60_000);
  transfer.finish();
  const { ended, bytes, sha256 } = await deadline('the transfer', received, 60_000);
  assert.deepEqual({ ended, bytes }, { ended: 'fin', bytes: TRANSFER_BYTES });
  assert.equal(sha256, pseudorandomHash(TRANSFER_BYTES, 11));
  for (const client of [local, relayed]) {
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
  }
  assert.equal(target.accepted, 3, 'no connection to the target was made again');
  assert.equal(of('connection-resumed').length, 3, 'each connection has moved');
  for (const event of ['connection-adrift', 'session-lost', 'session-ended', 'session-failed'])
    assert.deepEqual(of(event), [], event);
  assert.equal(hours.waiting.length, 1, 'the timer of the new session');
});
