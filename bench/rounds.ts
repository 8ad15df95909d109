import type { Cell, Timing } from './cells/cell.ts';
import type { Load } from './load/load.ts';
import { within } from './process/deadline.ts';
import type { Results } from './results.ts';
import type { RouteKeeper } from './route-keeper.ts';
import type { RouteName } from './routes/route.ts';
import { type Step, schedule } from './schedule.ts';

const CELL_DEADLINE = 90_000;

export type Plan = {
  readonly cells: readonly Cell[];
  readonly routes: readonly RouteName[];
  readonly rounds: number;
  readonly timing: Timing;
};

/** Long enough for the JIT compilers of the runtimes under test. */
const rehearsal: Timing = { warmUp: 0, window: 300 };

/** Runs the plan. A failed measurement is recorded and its route restarted; the run continues. */
export async function runRounds(
  { cells, routes, rounds, timing }: Plan,
  load: Load,
  keeper: RouteKeeper,
  results: Results,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const step of schedule(cells, routes, rounds)) {
    signal.throwIfAborted();
    const { round, cell, route } = step;
    progress(`${round === 0 ? 'rehearsal' : `round ${round} of ${rounds}`}: ${cell.title}: ${route}`);
    try {
      const { warmUp, window } = round === 0 ? rehearsal : timing;
      const more = round === 0 ? (cell.rehearsal?.(route) ?? 0) : 0;
      const measured = measure(step, load, keeper, { warmUp: warmUp + more, window });
      const figures = await within(CELL_DEADLINE, cell.title, measured);
      if (round > 0) for (const [metric, value] of figures) results.add(metric, route, value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      results.failures.push({ cell: cell.title, route, round, reason });
      await load.client.ask('reset', null);
      await keeper.drop(route);
    }
  }
}

async function measure({ cell, route: name }: Step, load: Load, keeper: RouteKeeper, timing: Timing) {
  if (!cell.fresh) return cell.measure(load, await keeper.get(name), timing);
  const route = await (cell.hasCutLink === true ? keeper.startWithLink(name) : keeper.start(name));
  try {
    return await cell.measure(load, route, timing);
  } finally {
    await route.stop();
  }
}
