import type { Load } from '../load/load.ts';
import type { Direction } from '../load/transfer.ts';
import { pause } from '../process/deadline.ts';
import { cpuSeconds } from '../process/usage.ts';
import { type RouteName, type RunningRoute, routeNames } from '../routes/route.ts';
import type { Cell, Group, Metric, Timing } from './cell.ts';

export const roles = ['client', 'gateway', 'agent', 'target'] as const;
type Role = (typeof roles)[number];

export type Shape = { readonly direction: Direction; readonly streams: number };

export const shapes: readonly Shape[] = [
  { direction: 'up', streams: 1 },
  { direction: 'up', streams: 16 },
  { direction: 'down', streams: 1 },
  { direction: 'down', streams: 16 },
];

export const nameOf = ({ direction, streams }: Shape) => `${direction}-${streams}`;
export const titleOf = ({ direction, streams }: Shape) =>
  `${direction}, ${streams} ${streams === 1 ? 'stream' : 'streams'}`;

/** Megabytes per second in one direction, counted where they arrive, and the CPU time of each process. */
export const throughputCells: readonly Cell[] = shapes.map((shape) =>
  throughputCell('throughput', `throughput/${nameOf(shape)}`, titleOf(shape), shape, routeNames),
);

export function throughputCell(
  group: Group,
  id: string,
  title: string,
  shape: Shape,
  routes: readonly RouteName[],
): Cell {
  const cpuMetric = (role: Role): Metric => ({
    id: `${id}/cpu/${role}`,
    table: `${group}: CPU time per gigabyte`,
    title: `${title}: ${role}`,
    unit: 's/GB',
    digits: 2,
    shown: group === 'throughput' ? 'median' : 'nothing',
  });
  return {
    group,
    title: `${group} ${title}`,
    metrics: [{ id, table: group, title, unit: 'MB/s', digits: 0, shown: 'full' }, ...roles.map(cpuMetric)],
    routes,
    fresh: false,
    async measure(load, route, timing) {
      const { bytes, seconds, cpu } = await transfer(load, route, shape, timing);
      const figures = new Map([[id, bytes / 1e6 / seconds]]);
      for (const [role, spent] of cpu) figures.set(cpuMetric(role).id, spent / (bytes / 1e9));
      return figures;
    },
  };
}

async function transfer(load: Load, route: RunningRoute, shape: Shape, timing: Timing) {
  const { client } = load;
  const receiver = () =>
    shape.direction === 'up' ? load.target.ask('received', null) : client.ask('received', null);
  await client.ask('startTransfer', { address: route.address, ...shape });
  await pause(timing.warmUp);
  const cpuBefore = await cpuOf(load, route);
  const before = await receiver();
  await pause(timing.window);
  const after = await receiver();
  const cpuAfter = await cpuOf(load, route);
  for (const { sent, arrived } of await client.ask('finishTransfer', null)) {
    if (sent !== arrived) throw new Error(`${arrived} of ${sent} bytes arrived.`);
  }
  const cpu = new Map([...cpuAfter].map(([role, spent]) => [role, spent - (cpuBefore.get(role) ?? 0)]));
  return { bytes: after.bytes - before.bytes, seconds: (after.at - before.at) / 1000, cpu };
}

async function cpuOf(load: Load, route: RunningRoute): Promise<Map<Role, number>> {
  const spent = new Map<Role, number>([
    ['client', await cpuSeconds(load.client.pid)],
    ['target', await cpuSeconds(load.target.pid)],
  ]);
  for (const { role, pids } of route.processes) {
    for (const pid of await pids()) spent.set(role, (spent.get(role) ?? 0) + (await cpuSeconds(pid)));
  }
  return spent;
}
