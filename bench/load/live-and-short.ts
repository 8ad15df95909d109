import { once } from 'node:events';
import type { Socket } from 'node:net';
import { pause } from '../process/deadline.ts';
import { type Address, dial } from './dial.ts';
import { request } from './target-protocol.ts';

export type LiveAndShort = {
  /** Short connections that delivered their byte and were closed, and those that did not. */
  readonly completed: number;
  readonly failed: number;
  readonly perSecond: number;
  /** Live connections that broke. */
  readonly lost: number;
  /** Round trips of the live connections, in milliseconds. */
  readonly roundTrip: {
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
};

export type LiveAndShortOptions = {
  readonly live: number;
  /** Short connections to open per second, evenly. */
  readonly rate: number;
  readonly seconds: number;
};

const PING_INTERVAL_MS = 100;
const TICK_MS = 10;
/** Short connections in progress; the rate falls behind when it is reached, instead of overloading the machine. */
const MAX_CONCURRENT = 200;

/** Keeps connections open and measures their round trips while short ones are opened at a fixed rate. */
export async function measureLiveAndShort(
  address: Address,
  { live, rate, seconds }: LiveAndShortOptions,
): Promise<LiveAndShort> {
  const roundTrips: number[] = [];
  const pingers = await Promise.all(Array.from({ length: live }, () => startPinging(address, roundTrips)));
  const counts = { completed: 0, failed: 0, running: 0 };
  const openOne = async () => {
    counts.running += 1;
    try {
      await connectOnce(address);
      counts.completed += 1;
    } catch {
      counts.failed += 1;
    } finally {
      counts.running -= 1;
    }
  };
  const startedAt = performance.now();
  let opened = 0;
  for (;;) {
    const elapsed = performance.now() - startedAt;
    if (elapsed >= seconds * 1000) break;
    for (; opened < (elapsed / 1000) * rate && counts.running < MAX_CONCURRENT; opened += 1) void openOne();
    await pause(TICK_MS);
  }
  const perSecond = opened / ((performance.now() - startedAt) / 1000);
  while (counts.running > 0) await pause(TICK_MS);
  const lost = pingers.filter((pinger) => pinger.isLost()).length;
  for (const pinger of pingers) pinger.stop();
  return { ...counts, perSecond, lost, roundTrip: summaryOf(roundTrips) };
}

/** Echoes 64 bytes every 100 ms, each time after the previous reply. */
async function startPinging(address: Address, roundTrips: number[]) {
  let sentAt = 0;
  let missing = 0;
  let state: 'open' | 'stopped' | 'lost' = 'open';
  const ping = (socket: Socket) => {
    if (state !== 'open') return;
    missing = 64;
    sentAt = performance.now();
    socket.write(Buffer.alloc(64, 1));
  };
  const socket: Socket = await dial(address, (bytes) => {
    missing -= bytes.length;
    if (missing !== 0) return;
    roundTrips.push(performance.now() - sentAt);
    setTimeout(() => ping(socket), PING_INTERVAL_MS);
  });
  socket.once('close', () => {
    if (state === 'open') state = 'lost';
  });
  socket.write(Buffer.of(request.echo));
  ping(socket);
  return {
    isLost: () => state === 'lost',
    stop() {
      state = 'stopped';
      socket.destroy();
    },
  };
}

async function connectOnce(address: Address): Promise<void> {
  let bytes = 0;
  const socket = await dial(address, (piece) => {
    bytes += piece.length;
  });
  const closed = once(socket, 'close');
  const ended = once(socket, 'end');
  socket.write(Buffer.of(request.once));
  await Promise.race([ended, closed]);
  socket.end();
  await closed;
  if (bytes !== 1) throw new Error(`A connection delivered ${bytes} bytes instead of 1.`);
}

function summaryOf(values: number[]): LiveAndShort['roundTrip'] {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
