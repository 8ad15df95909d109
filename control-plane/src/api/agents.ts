import {
  AgentDetail,
  AgentResource,
  approvalResponse,
  NameParams,
  problemResponses,
  RevokedAgent,
} from '@penstock/api-schema';
import type { Store } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { SearchedFleet } from '../fleet/search-fleet.ts';
import type { Revocation } from '../identity/revocation.ts';
import { agentListingRoute } from './agent-listing.ts';
import { agentDetail, agentResource } from './agent-resource.ts';
import type { FleetReader } from './fleet-reader.ts';
import { answerOf } from './performed.ts';
import type { TypedApp } from './typed-app.ts';

export type AgentsDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly fleet: FleetReader & SearchedFleet & Pick<OpenFleet, 'pools'>;
  /** ID of the most recent fleet event. */
  readonly lastEventId: () => string;
  readonly actions: Pick<FleetActions, 'drain' | 'resume'>;
  readonly clock: () => number;
};

/** /agents: the fleet. */
export function agentRoutes(app: TypedApp, dependencies: AgentsDependencies): void {
  const { store, revocation, fleet, actions, clock } = dependencies;

  agentListingRoute(app, fleet, dependencies.lastEventId);

  app.get(
    '/agents/:name',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get an agent',
        tags: ['agents'],
        params: NameParams,
        response: { 200: AgentDetail, ...problemResponses },
      },
    },
    async ({ params: { name }, actor: { role } }) => {
      const agent = fleet.agent(name) ?? unknownAgent(name);
      const pool = fleet.pools().find((each) => each.name === agent.pool);
      const requireApproval = pool?.requireApproval ?? [];
      return agentDetail(agent, fleet.samplesOf(agent.id), { role, requireApproval });
    },
  );

  const switches = {
    drain: {
      summary: 'Drain an agent',
      description:
        'The agent receives no new opens until it is resumed, even across restarts. Established connections continue.',
    },
    resume: { summary: 'Resume a drained agent', description: 'The agent receives opens again.' },
  };
  for (const action of ['drain', 'resume'] as const) {
    app.post(
      `/agents/:name/${action}`,
      {
        config: { role: 'operator' },
        schema: {
          ...switches[action],
          tags: ['agents'],
          params: NameParams,
          response: { 200: AgentResource, ...approvalResponse, ...problemResponses },
        },
      },
      async ({ params: { name }, actor }, reply) =>
        answerOf(await actions[action](name, actor), reply, agentResource),
    );
  }

  /** Undefined if the store fails: the agent is already revoked, and the response must not suggest otherwise. */
  async function usableTokensOf(agentId: string): Promise<string[] | undefined> {
    try {
      return (await store.enrollments.tokensUsableBy(agentId, clock())).map(({ id }) => id);
    } catch (error) {
      if (error instanceof StoreError) return undefined;
      throw error;
    }
  }

  app.post(
    '/agents/:name/revoke',
    {
      config: { role: 'admin' },
      schema: {
        summary: 'Revoke the identity of an agent',
        description: 'Permanent. Closes its sessions, rejects its key from now on, and releases its name.',
        tags: ['agents'],
        params: NameParams,
        response: { 200: RevokedAgent, ...problemResponses },
      },
    },
    async ({ params: { name }, actor }) => {
      const agent = (await store.agents.byName(name)) ?? unknownAgent(name);
      if (!(await revocation.revoke(agent.id, actor))) unknownAgent(name);
      const usableTokens = await usableTokensOf(agent.id);
      return { id: agent.id, name, ...(usableTokens !== undefined && { usableTokens }) };
    },
  );
}

function unknownAgent(name: string): never {
  throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it has been revoked.`);
}
