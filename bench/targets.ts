import { nameOf, shapes } from './cells/throughput.ts';
import { nameOfWan, wanShapes } from './cells/wan.ts';
import type { RouteName } from './routes/route.ts';

/**
 * A target for Penstock: a bound for its median, or for the ratio of its median to that of another route in the same
 * run.
 */
export type Target = {
  readonly metric: string;
  readonly title: string;
  readonly against: RouteName | undefined;
  readonly wanted: { readonly atLeast: number } | { readonly atMost: number };
};

const throughput = shapes.flatMap((shape): Target[] => [
  {
    metric: `throughput/${nameOf(shape)}`,
    title: `throughput ${nameOf(shape)}`,
    against: 'node-tls',
    wanted: { atLeast: 0.95 },
  },
  {
    metric: `throughput/${nameOf(shape)}`,
    title: `throughput ${nameOf(shape)}`,
    against: 'haproxy',
    wanted: { atLeast: shape.streams === 1 ? 0.8 : 1 },
  },
]);

/** Ratios to haproxy. */
const roundTrips = [
  { connections: 1, p50: 1.6, p99: 1.5, 'p99.9': 2 },
  { connections: 64, p50: 1.2, p99: 1.5, 'p99.9': 2 },
];

const latency = roundTrips.flatMap(({ connections, ...shares }) =>
  Object.entries(shares).map(
    ([share, atMost]): Target => ({
      metric: `latency/${connections}/${share}`,
      title: `round trip ${share}, ${connections} connections`,
      against: 'haproxy',
      wanted: { atMost },
    }),
  ),
);

/** MiB of both ends together. */
const loadMemory = { idle: 170, bulk: 260, held: 330, returned: 1.15 };
const memoryTitles = {
  idle: 'MiB of both ends, idle',
  bulk: 'MiB of both ends, after bulk',
  held: 'MiB of both ends, 1,000 held connections',
  returned: 'memory after load, of idle',
};

const wan = wanShapes.map(
  (shape): Target => ({
    metric: nameOfWan(shape),
    title: `${nameOfWan(shape)}`,
    ...(shape.loss === 0
      ? { against: 'direct', wanted: { atLeast: 0.9 } }
      : { against: 'rathole', wanted: { atLeast: 1 } }),
  }),
);

export const targets: readonly Target[] = [
  ...throughput,
  ...latency,
  {
    metric: 'connections',
    title: 'new connections per second',
    against: 'haproxy',
    wanted: { atLeast: 2 },
  },
  {
    metric: 'connections',
    title: 'new connections per second',
    against: 'chisel',
    wanted: { atLeast: 1 },
  },
  {
    metric: 'ingress/sni-passthrough/connections',
    title: 'new connections by SNI, passed through',
    against: 'direct',
    wanted: { atLeast: 0.75 },
  },
  ...(['idle', 'bulk', 'held', 'returned'] as const).map(
    (state): Target => ({
      metric: `load-memory/${state}`,
      title: memoryTitles[state],
      against: undefined,
      wanted: { atMost: loadMemory[state] },
    }),
  ),
  {
    metric: 'cut/lost',
    title: 'queries lost per cut of the link',
    against: undefined,
    wanted: { atMost: 0 },
  },
  {
    metric: 'memory/gateway',
    title: 'gateway KiB per open connection',
    against: undefined,
    wanted: { atMost: 24 },
  },
  {
    metric: 'sessions/memory',
    title: 'gateway KiB per idle session',
    against: undefined,
    wanted: { atMost: 110 },
  },
  {
    metric: 'fleet/listing',
    title: 'ms per page of 500 agents',
    against: undefined,
    wanted: { atMost: 100 },
  },
  {
    metric: 'fleet/loop-delay',
    title: 'ms event-loop delay p99 with 1,000 agents',
    against: undefined,
    wanted: { atMost: 20 },
  },
  ...['judging', 'listing', 'metrics', 'pools', 'pin'].map(
    (work): Target => ({
      metric: `fleet/hold-${work}`,
      title: `ms the event loop is blocked, 10,000 agents: ${work}`,
      against: undefined,
      wanted: { atMost: 5 },
    }),
  ),
  ...wan,
];
