import { ProblemError } from '@penstock/wire';
import Type, { type Static, type TInteger } from 'typebox';
import { type AgentState, agentStates } from '../fleet/agent-state.ts';
import type { PoolView } from '../fleet/pool-view.ts';
import { Name, problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const ByState = Type.Object(
  Object.fromEntries(agentStates.map((state) => [state, Type.Integer()])) as Record<AgentState, TInteger>,
);

const PoolResource = Type.Object({
  name: Name,
  pinning: Type.Enum(['enforce', 'warn', 'off']),
  ready: Type.Integer({ description: 'Agents that take opens.' }),
  minReady: Type.Integer({ description: 'Agents that must take opens for the pool to be healthy.' }),
  healthy: Type.Boolean(),
  agents: ByState,
  sessions: Type.Integer(),
  streams: Type.Object({ open: Type.Integer(), opening: Type.Integer() }),
  queue: Type.Object({ waiting: Type.Integer(), limit: Type.Integer() }),
});
type PoolResource = Static<typeof PoolResource>;

const PoolList = Type.Object({ items: Type.Array(PoolResource) });
const Params = Type.Object({ name: Name });

/** /pools: the pools of gateway.yaml and how they stand. A file has few, so they come on one page. */
export function poolRoutes(app: TypedApp, pools: () => readonly PoolView[]): void {
  app.get(
    '/pools',
    {
      config: { role: 'viewer' },
      schema: { summary: 'Pools by name', tags: ['pools'], response: { 200: PoolList, ...problems } },
    },
    async () => ({ items: pools().map(poolResource).sort(byName) }),
  );

  app.get(
    '/pools/:name',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One pool',
        tags: ['pools'],
        params: Params,
        response: { 200: PoolResource, ...problems },
      },
    },
    async ({ params: { name } }) => {
      const pool = pools().find((each) => each.name === name);
      if (pool === undefined) throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name}.`);
      return poolResource(pool);
    },
  );
}

function poolResource(view: PoolView): PoolResource {
  const { name, pinning, ready, minReady, agents, sessions, streams, queue } = view;
  return { name, pinning, ready, minReady, healthy: ready >= minReady, agents, sessions, streams, queue };
}

const byName = (one: PoolResource, other: PoolResource) => one.name.localeCompare(other.name);
