import { ProblemError } from '@penstock/wire';
import Type from 'typebox';
import type { AgentView } from '../fleet/agent-view.ts';
import type { Revocation } from '../identity/revocation.ts';
import type { Store } from '../store/open-store.ts';
import { findAgent, listAgents } from './agent-listing.ts';
import { AgentResource } from './agent-resource.ts';
import { Name, NextCursor, PageQuery, problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

export type AgentsDependencies = {
  readonly store: Store;
  readonly revocation: Revocation;
  readonly agents: () => readonly AgentView[];
  readonly clock: () => number;
};

const AgentList = Type.Object({
  items: Type.Array(AgentResource),
  nextCursor: NextCursor,
  complete: Type.Boolean({ description: 'False when only agents with a session could be listed.' }),
});

const Revoked = Type.Object({
  id: Type.String(),
  name: Name,
  usableTokens: Type.Array(Type.String(), {
    description:
      'Enrollment tokens this agent has used and that still have uses: its host could enroll again.',
  }),
});

const Params = Type.Object({ name: Name });

/** /agents: the fleet. */
export function agentRoutes(app: TypedApp, dependencies: AgentsDependencies): void {
  const { store, revocation, agents, clock } = dependencies;

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
    ({ query }) => listAgents(store, agents(), query, clock()),
  );

  app.get(
    '/agents/:name',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'One agent',
        tags: ['agents'],
        params: Params,
        response: { 200: AgentResource, ...problems },
      },
    },
    async ({ params: { name } }) => (await findAgent(store, agents(), name, clock())) ?? unknownAgent(name),
  );

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
      const tokens = await store.enrollments.tokensStillOpenTo(agent.id, clock());
      return { id: agent.id, name, usableTokens: tokens.map(({ id }) => id) };
    },
  );
}

function unknownAgent(name: string): never {
  throw new ProblemError('NOT_FOUND', `There is no agent named ${name}, or it was revoked.`);
}
