import {
  BulkRequest,
  BulkResult,
  bulkOutcomes,
  MAX_BULK_AGENTS,
  problemResponses,
} from '@penstock/api-schema';
import { systemClock } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import { type SearchedFleet, searchFleet } from '../fleet/search-fleet.ts';
import { type BulkDependencies, runBulk } from '../operations/bulk-action.ts';
import { filterOf } from './agent-listing.ts';
import { ApiProblem, documentOf } from './problem.ts';
import { type ApiFailure, problemOfFault } from './problem-handler.ts';
import type { TypedApp } from './typed-app.ts';

export type BulkRouteDependencies = Omit<BulkDependencies, 'clock' | 'problemOf' | 'fleet'> & {
  readonly fleet: BulkDependencies['fleet'] & SearchedFleet;
  /** Called for each agent for which the gateway itself has failed. */
  readonly report: (failure: ApiFailure) => void;
};

/** /agents/bulk: the same with several agents. */
export function bulkRoutes(app: TypedApp, { report, ...dependencies }: BulkRouteDependencies): void {
  const { fleet } = dependencies;
  const reportFault = (error: unknown) => report({ method: 'POST', path: '/api/v1/agents/bulk', error });
  app.post(
    '/agents/bulk',
    {
      config: { role: 'operator' },
      // A thousand of the longest names.
      bodyLimit: 128 * 1024,
      schema: {
        summary: 'Do the same with several agents',
        description:
          'By name or by filter, at most 1,000. Each agent is audited, and may require approval, as by itself; `items` has what ' +
          'came of each. Ask with `dryRun` first, and pass its `matched` as `expected`.',
        tags: ['agents'],
        body: BulkRequest,
        response: { 200: BulkResult, ...problemResponses },
      },
    },
    async ({ body, actor }) => {
      const { action, version, dryRun, expected } = body;
      requireConsistency(body);
      if (action === 'revoke' && actor.role !== 'admin') {
        throw new ApiProblem(
          'ROLE_INSUFFICIENT',
          `revoke requires the role admin, but ${actor.name} has the role ${actor.role}.`,
        );
      }
      const names = await namesOf(body, fleet);
      if (!dryRun && names.length !== expected) {
        throw new ApiProblem(
          'BULK_COUNT',
          `This concerns ${names.length} agents rather than ${expected}, so nothing was done. Look at them again.`,
        );
      }
      const items = await runBulk({ action, names, version, dryRun }, actor, {
        ...dependencies,
        clock: systemClock,
        problemOf: (error) => documentOf(problemOfFault(error, reportFault)),
      });
      const countOf = (outcome: string) => items.filter((item) => item.outcome === outcome).length;
      const counts = Object.fromEntries(bulkOutcomes.map((outcome) => [outcome, countOf(outcome)]));
      return { action, dryRun, matched: names.length, counts, items: [...items] };
    },
  );
}

function requireConsistency({ agents, filter, action, version, dryRun, expected }: BulkRequest): void {
  if ((agents === undefined) === (filter === undefined)) {
    throw new ProblemError('REQUEST_INVALID', 'Either agents or filter must be given.');
  }
  if ((action === 'pin') !== (version !== undefined)) {
    throw new ProblemError('REQUEST_INVALID', 'version must be given for pin, and for no other action.');
  }
  if (!dryRun && expected === undefined) {
    throw new ProblemError(
      'REQUEST_INVALID',
      'expected must be given: the number of agents that dryRun has matched.',
    );
  }
}

/** The names that are given, or those of the agents that match; unknown ones are included. */
async function namesOf(
  { agents, filter = {} }: BulkRequest,
  fleet: SearchedFleet,
): Promise<readonly string[]> {
  if (agents !== undefined) return [...new Set(agents)];
  const search = {
    filter: filterOf(filter),
    order: 'name',
    after: undefined,
    limit: MAX_BULK_AGENTS,
  } as const;
  const { names, total } = await searchFleet(fleet, search, systemClock);
  if (total > MAX_BULK_AGENTS) {
    throw new ProblemError(
      'REQUEST_INVALID',
      `The filter matches ${total} agents. At most ${MAX_BULK_AGENTS} are possible at once: narrow it, for example by pool.`,
    );
  }
  return names;
}
