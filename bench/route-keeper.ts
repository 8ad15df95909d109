import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from './process/deadline.ts';
import type { Places, Route, RouteName, RunningRoute, Target } from './routes/route.ts';

const START_DEADLINE = 60_000;

/** Starts routes when they are wanted, and knows which run. */
export class RouteKeeper {
  readonly #routes: ReadonlyMap<RouteName, Route>;
  readonly #target: Target;
  readonly #places: Places;
  readonly #scratch: string;
  readonly #running = new Map<RouteName, RunningRoute>();

  constructor(routes: readonly Route[], target: Target, places: Places, scratch: string) {
    this.#routes = new Map(routes.map((route) => [route.name, route]));
    this.#target = target;
    this.#places = places;
    this.#scratch = scratch;
  }

  /** The running route, started if it is not. */
  async get(name: RouteName): Promise<RunningRoute> {
    const running = this.#running.get(name) ?? (await this.start(name));
    this.#running.set(name, running);
    return running;
  }

  /** Another instance, which the caller stops. */
  async start(name: RouteName): Promise<RunningRoute> {
    const route = this.#routes.get(name);
    if (route === undefined) throw new Error(`There is no route ${name}.`);
    const scratch = await mkdtemp(join(this.#scratch, `${name}-`));
    return within(START_DEADLINE, `Starting ${name}`, route.start(this.#target, this.#places, scratch));
  }

  /** Stops a route that failed; the next `get` starts it anew. */
  async drop(name: RouteName): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.drop(name);
  }
}
