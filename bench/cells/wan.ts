import type { RouteName } from '../routes/route.ts';
import type { Cell } from './cell.ts';
import { nameOf, type Shape, shapes, throughputCell, titleOf } from './throughput.ts';

/** Round-trip time in milliseconds, and packets lost in each direction, in percent. */
export type Distance = { readonly roundTrip: number; readonly loss: number };

export const distances: readonly Distance[] = [20, 100].flatMap((roundTrip) =>
  [0, 1].map((loss) => ({ roundTrip, loss })),
);

export type WanShape = Shape & Distance;

export const wanShapes: readonly WanShape[] = distances.flatMap((distance) =>
  shapes.map((shape) => ({ ...shape, ...distance })),
);

export const nameOfWan = ({ roundTrip, loss, ...shape }: WanShape) =>
  `wan/${roundTrip}ms${loss === 0 ? '' : `-${loss}%`}/${nameOf(shape)}`;

/** Direct TCP, a connection for each client with TLS and with Noise, and all clients in a few sessions. */
export const wanRoutes: readonly RouteName[] = ['direct', 'node-tls', 'rathole', 'penstock'];

/** Time in which an agent adds the sessions that several streams need, also if it gives up once. It keeps them for minutes. */
const GROWTH_MS = 60_000;

export function wanCells({ roundTrip, loss }: Distance): readonly Cell[] {
  return wanShapes
    .filter((shape) => shape.roundTrip === roundTrip && shape.loss === loss)
    .map((shape) => {
      const title = `${roundTrip} ms, ${loss === 0 ? '' : `${loss} % loss, `}${titleOf(shape)}`;
      const cell = throughputCell('wan', nameOfWan(shape), title, shape, wanRoutes);
      const rehearsal = (route: RouteName) => (route === 'penstock' && shape.streams > 1 ? GROWTH_MS : 0);
      return { ...cell, rehearsal };
    });
}
