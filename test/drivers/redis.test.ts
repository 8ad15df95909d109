import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/gateway';
import { Redis as Client, type RedisOptions } from 'ioredis';
import { expectIdle } from '../data-path/idle.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { Redis } from '../rig/redis.ts';
import { driverNamed, printedFor, startPairWithWays, type WayName, wayInto } from './ways-in.ts';

const withoutServer = skipWithout('redis-server');

const stack = new AsyncDisposableStack();
let plain: Redis;
let pair: Pair;

before(async () => {
  if (withoutServer) return;
  plain = stack.use(await Redis.start());
  pair = stack.use(await startPairWithWays({ cache: { port: plain.address.port, ways: ['tcp'] } }));
});
after(() => stack.disposeAsync());

async function printed(name: WayName): Promise<string> {
  const way = await wayInto(pair, 'cache', name);
  const blanks = { connection: 'cache', user: 'default', database: '0' };
  return printedFor(driverNamed(everyDriver, 'redis'), way, blanks).connect;
}

/** Values of megabytes come back whole, a pipeline in its order, and a subscription hears what another client says. */
async function works(url: string, server: Redis, options: Pick<RedisOptions, 'tls'> = {}): Promise<void> {
  const connect = () => new Client(url, { password: server.password, ...options });
  const client = connect();
  const subscriber = connect();
  try {
    const value = randomBytes(4_000_000);
    await client.set('large', value);
    assert.deepEqual(await client.getBuffer('large'), value);
    const pipeline = client.pipeline();
    for (let index = 0; index < 2000; index += 1) pipeline.incr('counter');
    const answers = await pipeline.exec();
    assert.deepEqual(answers?.at(-1), [null, 2000]);
    await client.del('counter');
    await subscriber.subscribe('news');
    const heard = once(subscriber, 'message');
    await client.publish('news', 'hello');
    assert.deepEqual(await heard, ['news', 'hello']);
  } finally {
    client.disconnect();
    subscriber.disconnect();
  }
  await expectIdle(pair);
}

test('ioredis by tcp', { skip: withoutServer }, async () => works(await printed('tcp'), plain));

test('redis-cli by tcp', { skip: skipWithout('redis-cli') }, async () => {
  await using cli = await ManagedProcess.start({
    command: 'redis-cli',
    args: ['-u', await printed('tcp'), 'ping'],
    env: { REDISCLI_AUTH: plain.password },
  });
  assert.equal((await cli.exit()).code, 0, cli.output);
  assert.match(cli.output, /^PONG$/m);
});
