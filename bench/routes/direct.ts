import type { Route } from './route.ts';

/** Client to target with nothing between: what the load generator itself can do. */
export const direct: Route = {
  name: 'direct',
  describe: async () => 'nothing between client and target',
  start: async (target) => ({ name: 'direct', address: target, processes: [], stop: async () => {} }),
};
