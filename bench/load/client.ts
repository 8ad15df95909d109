import { answerWith } from '../process/ask.ts';
import { measureConnectRate } from './connect-rate.ts';
import { type Address, dropAll } from './dial.ts';
import { hold } from './held.ts';
import { measureRoundTrips, type RoundTrips } from './round-trip.ts';
import { type Count, type Direction, startTransfer, type Transfer } from './transfer.ts';

type Timed = { address: Address; warmUp: number; window: number };

/** A process of its own: makes the load. One piece of work at a time. Times are milliseconds. */
export type ClientHandlers = {
  startTransfer: (argument: { address: Address; direction: Direction; streams: number }) => Promise<null>;
  /** Bytes the running transfer has received, and when that was so. */
  received: (argument: null) => { bytes: number; at: number };
  finishTransfer: (argument: null) => Promise<readonly Count[]>;
  roundTrips: (argument: Timed & { connections: number }) => Promise<RoundTrips>;
  /** Connections a second. */
  connectRate: (argument: Timed & { workers: number }) => Promise<number>;
  /** Opens so many connections and holds them beside those it holds already. */
  hold: (argument: { address: Address; count: number }) => Promise<null>;
  release: (argument: null) => Promise<null>;
  /** Drops every connection, after a measurement that failed. */
  reset: (argument: null) => null;
};

let transfer: Transfer | undefined;
let releases: (() => Promise<void>)[] = [];

answerWith({
  async startTransfer({ address, direction, streams }) {
    transfer = await startTransfer(address, direction, streams);
    return null;
  },
  received: () => ({ bytes: transfer?.received() ?? 0, at: performance.now() }),
  async finishTransfer() {
    const counts = await (transfer?.finish() ?? []);
    transfer = undefined;
    return counts;
  },
  roundTrips: ({ address, connections, warmUp, window }) =>
    measureRoundTrips(address, connections, warmUp, window),
  connectRate: ({ address, workers, warmUp, window }) => measureConnectRate(address, workers, warmUp, window),
  async hold({ address, count }) {
    releases.push(await hold(address, count));
    return null;
  },
  async release() {
    await Promise.all(releases.splice(0).map((release) => release()));
    return null;
  },
  reset() {
    transfer = undefined;
    releases = [];
    dropAll();
    return null;
  },
} satisfies ClientHandlers);
