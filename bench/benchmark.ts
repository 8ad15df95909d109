import type { Timing } from './cells/cell.ts';
import { WAKE_MS } from './cells/connections.ts';
import { loopbackCells } from './cells/every-cell.ts';
import { distances, wanCells, wanRoutes } from './cells/wan.ts';
import { startLoad } from './load/load.ts';
import { describeMachine } from './machine.ts';
import type { Options } from './options.ts';
import { here } from './process/child.ts';
import type { Run, Skipped } from './report/report.ts';
import { Results } from './results.ts';
import { type Plan, runRounds } from './rounds.ts';
import { RouteKeeper } from './route-keeper.ts';
import { findRoutes } from './routes/find-routes.ts';
import type { Places, Route } from './routes/route.ts';
import { ownRig, startLink, whyNoLink } from './wan/link.ts';

/** Settings and dependencies of a run. */
export type Surroundings = {
  readonly scratch: string;
  /** Search path for programs. */
  readonly path: string;
  /** A rig to use instead of the default one. */
  readonly wanRig: string | undefined;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
};

const full: Timing = { warmUp: 500, window: 1500 };
const short: Timing = { warmUp: 300, window: 800 };
/** At 100 ms, a connection needs a second or two to reach full speed. */
const fullWan: Timing = { warmUp: 2500, window: 2500 };
const shortWan: Timing = { warmUp: 2500, window: 1500 };

export async function runBenchmark(options: Options, surroundings: Surroundings): Promise<Run> {
  const startedAt = new Date();
  const machine = await describeMachine();
  const { present, about, skipped } = await findRoutes(options.routes);
  const results = new Results();
  const metrics = [
    ...(await onLoopback(options, surroundings, present, results)),
    ...(await overDistance(options, surroundings, present, results, skipped)),
  ];
  const { warmUp, window } = options.quick ? short : full;
  return {
    startedAt,
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    machine,
    settings: {
      rounds: options.rounds,
      warmUpMs: warmUp,
      connectionWarmUpMs: Math.max(warmUp, WAKE_MS),
      windowMs: window,
    },
    routes: about,
    skipped,
    metrics,
    results,
  };
}

async function onLoopback(
  options: Options,
  surroundings: Surroundings,
  routes: readonly Route[],
  results: Results,
) {
  const cells = loopbackCells.filter(({ group }) => options.only.includes(group));
  const timing = options.quick ? short : full;
  await runStage(
    { cells, rounds: options.rounds, timing },
    { gateway: here, agent: here },
    routes,
    surroundings,
    results,
  );
  return cells.flatMap((cell) => cell.metrics);
}

async function overDistance(
  options: Options,
  surroundings: Surroundings,
  routes: readonly Route[],
  results: Results,
  skipped: Skipped[],
) {
  if (!options.only.includes('wan')) return [];
  const reason = await whyNoLink(surroundings.path);
  if (reason !== undefined) {
    skipped.push({ what: 'wan', reason });
    return [];
  }
  const timing = options.quick ? shortWan : fullWan;
  const far = routes.filter(({ name }) => wanRoutes.includes(name));
  for (const distance of distances) {
    const link = await startLink(surroundings.wanRig ?? ownRig, distance);
    const cells = wanCells(distance);
    await runStage({ cells, rounds: options.rounds, timing }, link, far, surroundings, results);
    await link.stop();
  }
  return distances.flatMap(wanCells).flatMap((cell) => cell.metrics);
}

/** Runs one plan between two places, with its own load generator. */
async function runStage(
  plan: Omit<Plan, 'routes'>,
  places: Places,
  routes: readonly Route[],
  { scratch, progress, signal }: Surroundings,
  results: Results,
): Promise<void> {
  if (plan.cells.length === 0) return;
  const load = await startLoad(places.gateway, places.agent);
  const keeper = new RouteKeeper(routes, load.target.address, places, scratch);
  const names = routes.map(({ name }) => name);
  await runRounds({ ...plan, routes: names }, load, keeper, results, progress, signal);
  await keeper.stop();
  await load.stop();
}
