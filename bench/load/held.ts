import { once } from 'node:events';
import { type Address, dial } from './dial.ts';
import { request } from './target-protocol.ts';

const OPENED_AT_ONCE = 50;

/**
 * Opens connections, transfers a byte in each direction on each, and keeps them open. The returned function closes
 * them.
 */
export async function hold(address: Address, count: number): Promise<() => Promise<void>> {
  const held: (() => Promise<void>)[] = [];
  while (held.length < count) {
    const some = Math.min(OPENED_AT_ONCE, count - held.length);
    held.push(...(await Promise.all(Array.from({ length: some }, () => holdOne(address)))));
  }
  return async () => {
    await Promise.all(held.map((release) => release()));
  };
}

async function holdOne(address: Address): Promise<() => Promise<void>> {
  const answered = Promise.withResolvers<void>();
  const socket = await dial(address, () => answered.resolve());
  socket.once('error', answered.reject);
  socket.once('end', () => answered.reject(new Error('A connection that should stay open was closed.')));
  socket.write(Buffer.of(request.echo, 0));
  await answered.promise;
  return async () => {
    const closed = once(socket, 'close');
    socket.end();
    await closed;
  };
}
