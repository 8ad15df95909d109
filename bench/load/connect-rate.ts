import { once } from 'node:events';
import { pause } from '../process/deadline.ts';
import { type Address, dial } from './dial.ts';
import { request } from './target-protocol.ts';

/** Connects, transfers a byte in each direction, and closes, with several workers. Returns connections per second. */
export async function measureConnectRate(
  address: Address,
  workers: number,
  warmUp: number,
  window: number,
): Promise<number> {
  let count = 0;
  let stopped = false;
  const work = async () => {
    while (!stopped) {
      await connectOnce(address);
      count += 1;
    }
  };
  const all = Promise.all(Array.from({ length: workers }, work));
  try {
    await Promise.race([pause(warmUp), all]);
    const before = { count, at: performance.now() };
    await Promise.race([pause(window), all]);
    const rate = ((count - before.count) / (performance.now() - before.at)) * 1000;
    stopped = true;
    await all;
    return rate;
  } finally {
    stopped = true;
  }
}

async function connectOnce(address: Address): Promise<void> {
  let bytes = 0;
  const socket = await dial(address, (piece) => {
    bytes += piece.length;
  });
  socket.write(Buffer.of(request.once));
  await once(socket, 'end');
  if (bytes !== 1) throw new Error(`A connection delivered ${bytes} bytes instead of 1.`);
  socket.end();
  await once(socket, 'close');
}
