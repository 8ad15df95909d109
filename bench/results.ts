import type { RouteName } from './routes/route.ts';

export type Failure = {
  readonly cell: string;
  readonly route: RouteName;
  readonly round: number;
  readonly reason: string;
};

/** The results of a run: one sample per round for each metric and route, and the failures. */
export class Results {
  readonly #samples = new Map<string, Map<RouteName, number[]>>();
  readonly failures: Failure[] = [];

  add(metric: string, route: RouteName, value: number): void {
    const routes = this.#samples.get(metric) ?? new Map<RouteName, number[]>();
    this.#samples.set(metric, routes);
    const samples = routes.get(route) ?? [];
    routes.set(route, samples);
    samples.push(value);
  }

  samples(metric: string, route: RouteName): readonly number[] {
    return this.#samples.get(metric)?.get(route) ?? [];
  }
}
