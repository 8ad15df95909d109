import type { RouteName } from '../routes/route.ts';
import type { Cell } from './cell.ts';
import { nameOf, type Shape, shapes, throughputCell, titleOf } from './throughput.ts';

/** Round-trip times in milliseconds. */
export const roundTrips: readonly number[] = [20, 100];

export type WanShape = Shape & { readonly roundTrip: number };

export const wanShapes: readonly WanShape[] = roundTrips.flatMap((roundTrip) =>
  shapes.map((shape) => ({ ...shape, roundTrip })),
);

export const nameOfWan = (shape: WanShape) => `wan/${shape.roundTrip}ms/${nameOf(shape)}`;

/** Direct TCP, one TLS connection per client, and all clients in a few sessions. */
export const wanRoutes: readonly RouteName[] = ['direct', 'node-tls', 'penstock'];

export function wanCells(roundTrip: number): readonly Cell[] {
  return wanShapes
    .filter((shape) => shape.roundTrip === roundTrip)
    .map((shape) => {
      const title = `${roundTrip} ms, ${titleOf(shape)}`;
      return throughputCell('wan', nameOfWan(shape), title, shape, wanRoutes);
    });
}
