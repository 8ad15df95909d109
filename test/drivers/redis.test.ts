import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/connection-strings';
import { Redis as Client, type RedisOptions } from 'ioredis';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { Redis } from '../rig/redis.ts';
import {
  driverNamed,
  endpointOf,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const withoutServer = skipWithout('redis-server');

const stack = new AsyncDisposableStack();
let plain: Redis;
let secured: Redis;
let authority: TestAuthority;
let pair: Pair;

before(async () => {
  if (withoutServer) return;
  authority = await TestAuthority.create('databases');
  const names = ['127.0.0.1', ...serverNames('secured')];
  plain = stack.use(await Redis.start());
  secured = stack.use(await Redis.start({ tls: await authority.issue({ commonName: 'redis', names }) }));
  pair = stack.use(
    await startPairWithIngress(
      {
        plain: { port: plain.address.port, kind: 'redis', variants: ['tcp'] },
        secured: {
          port: secured.address.port,
          kind: 'redis',
          variants: ['sni passthrough', 'sni terminate'],
        },
      },
      authority,
    ),
  );
});
after(() => stack.disposeAsync());

async function printed(connection: string, name: IngressVariant): Promise<string> {
  const endpoint = await endpointOf(pair, connection, name);
  const blanks = { connection, user: 'default', database: '0' };
  return printedFor(driverNamed(everyDriver, 'redis'), endpoint, blanks).connect;
}

/** Checks that large values are intact, pipelines are in order, and subscriptions receive messages of other clients. */
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
    await subscriber.subscribe('channel');
    const received = once(subscriber, 'message');
    await client.publish('channel', 'hello');
    assert.deepEqual(await received, ['channel', 'hello']);
  } finally {
    client.disconnect();
    subscriber.disconnect();
  }
  await expectIdle(pair);
}

test('ioredis through tcp', { skip: withoutServer }, async () => works(await printed('plain', 'tcp'), plain));

for (const name of ['sni passthrough', 'sni terminate'] as const) {
  test(`ioredis through ${name}, and the name is verified`, { skip: withoutServer }, async () => {
    const url = await printed('secured', name);
    const { hostname, port, protocol } = new URL(url);
    assert.equal(protocol, 'rediss:');
    // The name is not in DNS: the client connects to the address and sends the name.
    const tls = { ca: authority.certificate, servername: hostname };
    await works(`rediss://127.0.0.1:${port}/0`, secured, { tls });
  });
}

test('redis-cli through tcp', { skip: skipWithout('redis-cli') }, async () => {
  await using cli = await ManagedProcess.start({
    command: 'redis-cli',
    args: ['-u', await printed('plain', 'tcp'), 'ping'],
    env: { REDISCLI_AUTH: plain.password },
  });
  assert.equal((await cli.exit()).code, 0, cli.output);
  assert.match(cli.output, /^PONG$/m);
});
