import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type CutLink, cutLink } from './process/cut-link.ts';
import { within } from './process/deadline.ts';
import type { Address, Places, Route, RouteName, RunningRoute, Target } from './routes/route.ts';

const START_DEADLINE = 60_000;

/** Starts routes on demand and keeps them running. */
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

  /** Returns the running route; starts it if necessary. */
  async get(name: RouteName): Promise<RunningRoute> {
    const running = this.#running.get(name) ?? (await this.start(name));
    this.#running.set(name, running);
    return running;
  }

  /** Starts another instance, which the caller must stop. */
  async start(name: RouteName): Promise<RunningRoute> {
    const route = this.#routes.get(name);
    if (route === undefined) throw new Error(`There is no route ${name}.`);
    const scratch = await mkdtemp(join(this.#scratch, `${name}-`));
    return within(START_DEADLINE, `Starting ${name}`, route.start(this.#target, this.#places, scratch));
  }

  /** The same with a link between both ends that can be cut. */
  async startWithLink(name: RouteName): Promise<RunningRoute> {
    const route = this.#routes.get(name);
    if (route === undefined) throw new Error(`There is no route ${name}.`);
    const scratch = await mkdtemp(join(this.#scratch, `${name}-`));
    const links: CutLink[] = [];
    const throughLink = async (end: Address) => {
      const link = await cutLink(end);
      links.push(link);
      return link.address;
    };
    const closeLinks = async () => {
      for (const link of links) await link.close();
    };
    const starting = route.start(this.#target, { ...this.#places, throughLink }, scratch);
    const running = await within(START_DEADLINE, `Starting ${name}`, starting).catch(
      async (error: unknown) => {
        await closeLinks();
        throw error;
      },
    );
    return {
      ...running,
      cut() {
        for (const link of links) link.cut();
      },
      async stop() {
        await running.stop();
        await closeLinks();
      },
    };
  }

  /** Stops a route that failed; the next `get` starts it again. */
  async drop(name: RouteName): Promise<void> {
    const running = this.#running.get(name);
    this.#running.delete(name);
    await running?.stop();
  }

  async stop(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.drop(name);
  }
}
