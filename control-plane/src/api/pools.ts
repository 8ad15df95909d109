import {
  NameParams,
  PoolList,
  PoolPreview,
  PoolPreviewQuery,
  PoolResource,
  problemResponses,
} from '@penstock/api-schema';
import { ProblemError } from '@penstock/wire';
import type { PoolView } from '../fleet/pool-view.ts';
import type { TypedApp } from './typed-app.ts';

/** /pools: the pools of gateway.yaml and their state. They always fit on one page. */
export function poolRoutes(
  app: TypedApp,
  pools: () => Promise<readonly PoolView[]>,
  preview: (name: string, pinning: PoolPreview['to']) => Promise<PoolPreview>,
): void {
  app.get(
    '/pools',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List pools by name',
        tags: ['pools'],
        response: { 200: PoolList, ...problemResponses },
      },
    },
    async () => ({ items: (await pools()).map(poolResource).sort(byName) }),
  );

  app.get(
    '/pools/:name',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get a pool',
        tags: ['pools'],
        params: NameParams,
        response: { 200: PoolResource, ...problemResponses },
      },
    },
    async ({ params: { name } }) => {
      const pool = (await pools()).find((each) => each.name === name);
      if (pool === undefined) throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name}.`);
      return poolResource(pool);
    },
  );

  app.get(
    '/pools/:name/preview',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Preview another pinning mode of a pool',
        description: 'Returns what a reload with this mode would do to the agents. Changes nothing.',
        tags: ['pools'],
        params: NameParams,
        querystring: PoolPreviewQuery,
        response: { 200: PoolPreview, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { pinning } }) => preview(name, pinning),
  );
}

function poolResource(view: PoolView): PoolResource {
  const {
    name,
    pinning,
    ready,
    minReady,
    agents,
    sessions,
    pinned,
    inSync,
    streams,
    queue,
    requireApproval,
  } = view;
  return {
    name,
    pinning,
    ready,
    minReady,
    healthy: ready >= minReady,
    agents,
    sessions,
    pinned,
    inSync,
    streams,
    queue,
    requireApproval: [...requireApproval],
  };
}

const byName = (one: PoolResource, other: PoolResource) => one.name.localeCompare(other.name);
