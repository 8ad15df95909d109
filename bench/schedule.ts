import type { Cell } from './cells/cell.ts';
import { rotate } from './report/statistics.ts';
import type { RouteName } from './routes/route.ts';

/** Round 0 is the warm-up; its results are discarded. */
export type Step = { readonly round: number; readonly cell: Cell; readonly route: RouteName };

/**
 * Every round runs every cell on every route, one after another, in an order that rotates, so disturbances of the
 * machine affect all routes equally. Processes that are started for one measurement need no warm-up.
 */
export function* schedule(
  cells: readonly Cell[],
  routes: readonly RouteName[],
  rounds: number,
): Generator<Step, void> {
  for (let round = 0; round <= rounds; round++) {
    for (const cell of cells.filter(({ fresh }) => round > 0 || !fresh)) {
      for (const route of rotate(routes, round)) {
        if (cell.routes.includes(route)) yield { round, cell, route };
      }
    }
  }
}
