import type { Cell } from './cells/cell.ts';
import { rotate } from './report/statistics.ts';
import type { RouteName } from './routes/route.ts';

/** Round 0 is the rehearsal: its figures are thrown away. */
export type Step = { readonly round: number; readonly cell: Cell; readonly route: RouteName };

/**
 * Every round takes every cell on every route, one after another and in an order that turns: what the machine does
 * meanwhile falls on all routes alike. Processes started for one measurement need no rehearsal.
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
