import type { Store } from '@penstock/store';
import { StoreError } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import Type from 'typebox';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { AgentView, Sample } from '../fleet/agent-view.ts';
import type { Revocation } from '../identity/revocation.ts';
import { AgentDetail, AgentResource, agentDetail, agentResource } from './agent-resource.ts';
import { waitingAnswer } from './approval-resource.ts';
import { answerOf } from './performed.ts';
import { Name, NextCursor, PageQuery, problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

/** The fleet as the API reads it. None of this waits. */
export type FleetReader = {
  /** By name. */
  agents(): readonly AgentView[];
  agent(name: string): AgentView | undefined;
  samplesOf(id: string): readonly Sample[];
  /** False when the store did not answer the last time: agents that enrolled since are missing. */
  readonly isComplete: boolean;
};

export type AgentsDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly fleet: FleetReader;
  readonly actions: Pick<FleetActions, 'drain' | 'resume'>;
  readonly clock: () => number;
};

const AgentList = Type.Object({
  items: Type.Array(AgentResource),
  nextCursor: NextCursor,
  complete: Type.Boolean({
    description: 'False when the store did not answer lately: agents that enrolled since may be missing.',
  }),
});

const Revoked = Type.Object({
  id: Type.String(),
  name: Name,
  usableTokens: Type.Optional(
    Type.Array(Type.String(), {
      description:
        'Enrollment tokens this agent has used and that still have uses: its host could enroll again. Left out when ' +
        'the store did not say.',
    }),
  ),
});

const Params = Type.Object({ name: Name });

/** /agents: the fleet. */
export function agentRoutes(app: TypedApp, dependencies: AgentsDependencies): void {
  const { store, revocation, fleet, actions, clock } = dependencies;

  app.get(
    '/agents',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Agents by name',
        tags: ['agents'],
        querystring: PageQuery,
        response: { 200: AgentList, ...problems },
      },
    },
    async ({ query: { cursor = '', limit } }) => {
      const following = fleet.agents().filter(({ name }) => name > cursor);
      const page = following.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(agentResource),
        ...(following.length > limit && last !== undefined && { nextCursor: last.name }),
        complete: fleet.isComplete,
      };
    },
  );

  app.get(
    '/agents/:name',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One agent',
        tags: ['agents'],
        params: Params,
        response: { 200: AgentDetail, ...problems },
      },
    },
    async ({ params: { name } }) => {
      const agent = fleet.agent(name) ?? unknownAgent(name);
      return agentDetail(agent, fleet.samplesOf(agent.id));
    },
  );

  const switches = {
    drain: {
      summary: 'Keep new opens away from an agent',
      description: 'Until it is resumed, over restarts too. Live connections go on.',
    },
    resume: { summary: 'Let an agent take opens again', description: 'Ends what `drain` began.' },
  };
  for (const action of ['drain', 'resume'] as const) {
    app.post(
      `/agents/:name/${action}`,
      {
        config: { role: 'operator' },
        schema: {
          ...switches[action],
          tags: ['agents'],
          params: Params,
          response: { 200: AgentResource, ...waitingAnswer, ...problems },
        },
      },
      async ({ params: { name }, actor }, reply) =>
        answerOf(await actions[action](name, actor), reply, agentResource),
    );
  }

  /** Undefined when the store does not say: by then the agent is revoked, and the answer must not deny it. */
  async function usableTokensOf(agentId: string): Promise<string[] | undefined> {
    try {
      return (await store.enrollments.tokensStillOpenTo(agentId, clock())).map(({ id }) => id);
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
        summary: 'End the identity of an agent for good',
        description: 'Its sessions end, and its key is never accepted again. The name becomes free.',
        tags: ['agents'],
        params: Params,
        response: { 200: Revoked, ...problems },
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
  throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it was revoked.`);
}
