import {
  AgentListing,
  AgentQuery,
  AgentResource,
  AgentRow,
  type AgentState,
  agentConditions,
  agentStates,
  type ConditionCode,
  problemResponses,
} from '@penstock/api-schema';
import type { Static } from '@penstock/json-schema';
import { systemClock } from '@penstock/runtime';
import { ProblemError } from '@penstock/wire';
import { type FleetFilter, type FleetPlace, type SearchedFleet, searchFleet } from '../fleet/search-fleet.ts';
import { agentResource, agentRow } from './agent-resource.ts';
import { sendCsv } from './csv.ts';
import type { FleetReader } from './fleet-reader.ts';
import { sendPage } from './sliced-page.ts';
import type { TypedApp } from './typed-app.ts';

export type ListedFleet = Pick<FleetReader, 'agent' | 'isComplete'> & SearchedFleet;

/** GET /agents: the agents that match a filter, in the order of their names or the most severe first. */
export function agentListingRoute(app: TypedApp, fleet: ListedFleet, lastEventId: () => string): void {
  app.get(
    '/agents',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List agents',
        description: 'With `format=csv`, the fields of `view=row`.',
        produces: ['application/json', 'text/csv'],
        tags: ['agents'],
        querystring: AgentQuery,
        response: { 200: AgentListing, ...problemResponses },
      },
    },
    async ({ query, url }, reply) => {
      const { cursor, limit, sort: order, view, format } = query;
      const asOf = lastEventId();
      const after = cursor === undefined ? undefined : placeOf(cursor, order);
      const search = { filter: filterOf(query), order, after, limit };
      const { names, next, total, counts } = await searchFleet(fleet, search, systemClock);
      const nextCursor = next && (order === 'name' ? next.name : `${next.state}~${next.name}`);
      const fields = {
        ...(nextCursor !== undefined && { nextCursor }),
        complete: fleet.isComplete,
        total,
        counts,
        asOf,
      };
      const items = Iterator.from(names)
        .map((name) => fleet.agent(name))
        .filter((agent) => agent !== undefined);
      if (format === 'csv') {
        const rows = items.map((agent) => csvOf(agentRow(agent))).toArray();
        return sendCsv(reply, { name: 'penstock-agents', head: CSV_HEAD, rows, url, nextCursor }) as never;
      }
      const page = { items, isFull: () => false, cursorOf: () => '' };
      return (
        view === 'row'
          ? sendPage(reply, { ...page, toResource: agentRow, schema: AgentRow }, fields)
          : sendPage(reply, { ...page, toResource: agentResource, schema: AgentResource }, fields)
      ) as Promise<never>;
    },
  );
}

const CSV_HEAD = Object.keys(AgentRow.properties);

const csvOf = (row: Readonly<Record<string, string | number | undefined>>) =>
  CSV_HEAD.map((column) => row[column]);

const drifts = ['none', 'version', 'content', 'unknown'] as const;
const codes = Object.keys(agentConditions) as ConditionCode[];

/** The filter of a query. Throws ProblemError for words that do not exist. */
export function filterOf(
  query: Omit<Static<typeof AgentQuery>, 'limit' | 'view' | 'sort' | 'cursor' | 'format'>,
): FleetFilter {
  const { q, pool, version, configVersion, connector } = query;
  return {
    q,
    pool,
    softwareVersion: version,
    configVersion,
    connector,
    states: wordsOf<AgentState>('state', query.state, agentStates),
    codes: wordsOf('code', query.code, codes),
    drifts: wordsOf('drift', query.drift, drifts),
  };
}

function wordsOf<Word extends string>(
  field: string,
  text: string | undefined,
  known: readonly Word[],
): ReadonlySet<Word> | undefined {
  if (text === undefined) return undefined;
  const words = text.split(',');
  const unknown = words.find((word) => !known.some((each) => each === word));
  if (unknown === undefined) return new Set(words as Word[]);
  throw new ProblemError(
    'REQUEST_INVALID',
    `querystring/${field}: ${unknown} is not one of ${known.join(', ')}.`,
  );
}

function placeOf(cursor: string, order: 'name' | 'severity'): FleetPlace {
  if (order === 'name') return { name: cursor, state: 'connected' };
  const [, word, name] = /^([a-z-]+)~(.+)$/.exec(cursor) ?? [];
  const state = agentStates.find((each) => each === word);
  if (state !== undefined && name !== undefined) return { state, name };
  throw new ProblemError(
    'REQUEST_INVALID',
    'The cursor is not one of this order. Start with the first page.',
  );
}
