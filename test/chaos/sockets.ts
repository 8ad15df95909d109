import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { TestClient } from '../rig/client.ts';
import { pseudorandomChunks, pseudorandomHash } from '../rig/pseudorandom.ts';
import { repeat, type Workload } from './workload.ts';

/** Longer than any failure of the link that is brought about here. */
const READ_TIMEOUT_MS = 120_000;
const MIB = 1024 * 1024;
const PART_BYTES = 64 * 1024;

/** Transfers through an echo on one connection, one after the other: both directions at once, each compared by its hash. */
export async function transfers(port: number, bytes: number): Promise<Workload> {
  const expected = pseudorandomHash(bytes, 1);
  const client = await TestClient.connect({ host: '127.0.0.1', port });
  const { socket } = client;
  const send = async () => {
    for (const chunk of pseudorandomChunks(bytes, 1)) {
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
  };
  const compare = async () => {
    const hash = createHash('sha256');
    for (let left = bytes; left > 0; ) {
      const part = await client.read(Math.min(left, PART_BYTES), READ_TIMEOUT_MS);
      hash.update(part);
      left -= part.length;
    }
    return hash.digest('hex') === expected ? 'ok' : 'wrong';
  };
  return repeat(
    `${Math.round(bytes / MIB)} MiB both ways, hashed`,
    async () => (await Promise.all([compare(), send()]))[0],
    () => client[Symbol.asyncDispose](),
  );
}

/** Clients that are connected throughout and say nothing; at the end each asks its echo once. */
export async function idleClients(port: number, count: number): Promise<Workload> {
  const clients: TestClient[] = [];
  for (let index = 0; index < count; index += 1) {
    const client = await TestClient.connect({ host: '127.0.0.1', port });
    await client.echo('hello');
    clients.push(client);
  }
  const name = `${count} idle connections`;
  return {
    name,
    async finish() {
      const errors: string[] = [];
      let done = 0;
      let wrong = 0;
      await Promise.all(
        clients.map(async (client, index) => {
          try {
            const text = `still here ${index}`;
            if ((await client.echo(text, READ_TIMEOUT_MS)) !== text) wrong += 1;
            client.finish();
            const { ended } = await client.receive(READ_TIMEOUT_MS);
            if (ended === 'reset') throw new Error('An idle connection was reset at its end.');
            done += 1;
          } catch (error) {
            errors.push(String(error));
          }
          await client[Symbol.asyncDispose]();
        }),
      );
      return { workload: name, done, errors, wrong };
    },
  };
}

/** Clients that exchange small messages with an echo, one after the other, without a pause. */
export async function echoes(port: number, count: number): Promise<Workload[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const client = await TestClient.connect({ host: '127.0.0.1', port });
      await client.echo('hello', READ_TIMEOUT_MS);
      return repeat(
        `small messages ${index + 1}`,
        async (round) => {
          const text = `message ${round} of ${index}.`;
          return (await client.echo(text, READ_TIMEOUT_MS)) === text ? 'ok' : 'wrong';
        },
        () => client[Symbol.asyncDispose](),
      );
    }),
  );
}
