import type { FastifyInstance } from 'fastify';

/** Returns the methods that exist for a path without its query; undefined if the path is unknown. */
export type AllowedMethods = (path: string) => readonly string[] | undefined;

/** Collects the methods of all routes that are registered after it. */
export function collectMethods(app: FastifyInstance): AllowedMethods {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    routes.set(url, route);
    for (const each of [method].flat()) route.methods.add(each);
  });
  return (path) => {
    // `/rollouts/preview` is its own route, not a rollout.
    const found = routes.get(path) ?? routes.values().find(({ pattern }) => pattern.test(path));
    return found && [...found.methods].sort();
  };
}

/** `:name` stands for one segment. No path has other special characters. */
const patternOf = (url: string) =>
  new RegExp(`^${url.replaceAll('.', String.raw`\.`).replaceAll(/:\w+/g, '[^/]+')}$`);
