import { answerWith } from '../process/ask.ts';
import { measureConnectRate } from './connect-rate.ts';
import { type Address, dropAll } from './dial.ts';
import { hold } from './held.ts';
import { countQueries, type Queries } from './queries.ts';
import { measureRoundTrips, type RoundTrips } from './round-trip.ts';
import { type Count, type Direction, startTransfer, type Transfer } from './transfer.ts';

type Timed = { address: Address; warmUp: number; window: number };

/** Runs in its own process: generates the load, one task at a time. Times are in milliseconds. */
export type ClientHandlers = {
  startTransfer: (argument: { address: Address; direction: Direction; streams: number }) => Promise<null>;
  /** Bytes that the running transfer has received, and the time of this reading. */
  received: (argument: null) => { bytes: number; at: number };
  finishTransfer: (argument: null) => Promise<readonly Count[]>;
  roundTrips: (argument: Timed & { connections: number }) => Promise<RoundTrips>;
  /** Sends queries for `window`, whatever happens to their connections. */
  queries: (argument: { address: Address; clients: number; window: number }) => Promise<Queries>;
  /** Connections per second. */
  connectRate: (argument: Timed & { workers: number }) => Promise<number>;
  /** Opens this many connections and keeps them open, in addition to existing ones. */
  hold: (argument: { address: Address; count: number }) => Promise<null>;
  release: (argument: null) => Promise<null>;
  /** Destroys every connection after a failed measurement. */
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
  queries: ({ address, clients, window }) => countQueries(address, clients, window),
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
