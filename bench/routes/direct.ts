import type { Route } from './route.ts';

/** Client to target without a proxy: the limit of the load generator itself. */
export const direct: Route = {
  name: 'direct',
  describe: async () => 'no proxy between client and target',
  start: async (target) => ({ name: 'direct', address: target, processes: [], stop: async () => {} }),
};
