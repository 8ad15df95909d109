import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { pseudorandomHash, pseudorandomStream, receive } from '../rig/pseudorandom.ts';
import { Relay } from '../rig/relay.ts';
import { type Replicas, startReplicas } from '../rig/replicas.ts';
import { startEcho, type Target } from '../rig/targets.ts';

const MIB = 1024 * 1024;

/** Two replicas, or three, with an agent behind a balancer that sends it to one of them. */
async function startBehindBalancer(
  target: Target,
  names: readonly [string, ...string[]],
  at: string,
): Promise<{ replicas: Replicas; balancer: Relay; sendTo(name: string): void } & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const to = { host: '127.0.0.1', port: 0 };
  const balancer = starting.use(await Relay.start(to));
  const replicas = starting.use(
    await startReplicas(names, {
      targets: { db: target.address.port },
      agents: {},
      // Nothing ends because a busy machine takes longer than the default to come back.
      gateway: { resume: { for: '1h', reconnectTimeout: '1h' } },
    }),
  );
  const sendTo = (name: string) => {
    to.port = replicas.gateway(name).tunnel.port;
  };
  sendTo(at);
  await replicas.agentAt('a1', names[0]);
  await replicas.agentAt('a1', at, { gateway: { url: `https://127.0.0.1:${balancer.address.port}` } });
  const running = starting.move();
  return { replicas, balancer, sendTo, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Waits until nothing is relayed, and the target has no connection. */
async function expectQuiet(replicas: Replicas, names: readonly string[], target: Target): Promise<void> {
  for (const name of names) {
    await deadline(`${name} to relay nothing`, replicas.gateway(name).cluster?.idle() ?? Promise.resolve());
  }
  await eventually('the target to be idle', () => target.open === 0);
}

test('a connection goes on when its agent comes back at another replica', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startBehindBalancer(target, ['r1', 'r2', 'r3'], 'r2');
  const { replicas, balancer, sendTo } = scene;
  await using client = await replicas.client('r1', 'db');
  assert.equal(await client.echo('relayed by r2'), 'relayed by r2');
  for (const name of ['r3', 'r1', 'r2']) {
    sendTo(name);
    const resumed = replicas.pair.event('connection-resumed');
    balancer.cut();
    assert.equal(await client.echo(`now at ${name}`, 15_000), `now at ${name}`);
    await resumed;
  }
  assert.equal(target.accepted, 1);
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  await expectQuiet(replicas, ['r1', 'r2', 'r3'], target);
});

test('a connection goes on when the replica of its agent ends', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startBehindBalancer(target, ['r1', 'r2', 'r3'], 'r2');
  const { replicas, sendTo } = scene;
  await using client = await replicas.client('r1', 'db');
  assert.equal(await client.echo('before'), 'before');
  sendTo('r3');
  await replicas.stop('r2');
  assert.equal(await client.echo('after', 15_000), 'after');
  assert.equal(target.accepted, 1);
  client.finish();
  assert.equal((await client.receive()).ended, 'fin');
  await expectQuiet(replicas, ['r1', 'r3'], target);
});

test('a relayed transfer loses and doubles nothing while both its links are cut again and again', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using scene = await startBehindBalancer(target, ['r1', 'r2'], 'r2');
  const { replicas, balancer } = scene;
  await using client = await replicas.client('r1', 'db');
  const bytes = 48 * MIB;
  const received = receive(client.socket);
  pseudorandomStream(bytes, 11).pipe(client.socket);
  const link = replicas.link('r2');
  const before = link.bytes.down;
  for (const [round, share] of [0.05, 0.2, 0.35, 0.5, 0.65, 0.8].entries()) {
    await eventually('more bytes to have passed', () => link.bytes.down - before > share * bytes, {
      within: 60_000,
    });
    if (round % 2 === 0) link.cut();
    else balancer.cut();
  }
  const { ended, sha256, bytes: count } = await deadline('the echo', received, 120_000);
  assert.deepEqual({ ended, count }, { ended: 'fin', count: bytes });
  assert.equal(sha256, pseudorandomHash(bytes, 11));
  const resumed = replicas.pair.logged.filter(({ event }) => event === 'connection-resumed');
  assert.ok(resumed.length >= 3, `${resumed.length} resumes`);
  await expectQuiet(replicas, ['r1', 'r2'], target);
});

for (const first of ['client', 'target'] as const) {
  test(`nothing is relayed anymore when the ${first} had ended before the link was cut, and its peer ends after it`, async () => {
    await using _leaks = expectNoLeaks();
    const { promise: connected, resolve: connect } = Promise.withResolvers<Socket>();
    await using target = await LoopbackServer.start((socket) => connect(socket.resume()));
    await using scene = await startBehindBalancer(target, ['r1', 'r2'], 'r2');
    const { replicas } = scene;
    await using client = await replicas.client('r1', 'db');
    client.socket.resume();
    const ends = { client: client.socket, target: await deadline('the target', connected) };
    const last = first === 'client' ? ends.target : ends.client;
    const delivered = once(last, 'end');
    ends[first].end();
    await deadline('the first end', delivered);
    const resumed = replicas.pair.event('connection-resumed');
    replicas.link('r2').cut();
    await deadline('the connection to go on', resumed);
    const over = once(ends[first], 'end');
    last.end();
    await deadline('the other end', over);
    await expectQuiet(replicas, ['r1', 'r2'], target);
  });
}
