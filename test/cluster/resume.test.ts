import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
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
  const replicas = await startReplicas(names, { targets: { db: target.address.port }, agents: {} });
  const to = { host: '127.0.0.1', port: 0 };
  const sendTo = (name: string) => {
    to.port = replicas.gateway(name).tunnel.port;
  };
  sendTo(at);
  const balancer = await Relay.start(to);
  await replicas.agentAt('a1', names[0]);
  await replicas.agentAt('a1', at, { gateway: { url: `https://127.0.0.1:${balancer.address.port}` } });
  return {
    replicas,
    balancer,
    sendTo,
    async [Symbol.asyncDispose]() {
      await replicas[Symbol.asyncDispose]();
      await balancer[Symbol.asyncDispose]();
    },
  };
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
