import {
  AlertRuleList,
  IdParams,
  NewSilence,
  problemResponses,
  SilencePage,
  SilenceQuery,
  SilenceResource,
} from '@penstock/api-schema';
import type { GatewayConfig } from '@penstock/config-schema';
import type { SilenceRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import { conditionTextOf } from '../alerts/message.ts';
import type { Silences } from '../alerts/silences.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

export type SilencesDependencies = {
  readonly store: Pick<Store, 'silences'>;
  readonly silences: Pick<Silences, 'create' | 'end'>;
  readonly rules: () => GatewayConfig['alerts'];
  readonly clock: () => number;
};

const MAX_ACTIVE_LISTED = 500;

/** /silences, and the rules of alerts. */
export function silenceRoutes(app: TypedApp, { store, silences, rules, clock }: SilencesDependencies): void {
  app.get(
    '/alert-rules',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the alert rules of gateway.yaml',
        tags: ['alerts'],
        response: { 200: AlertRuleList, ...problemResponses },
      },
    },
    async () => ({
      items: rules().map(({ condition, for: forMs, receivers }) => ({
        condition,
        message: conditionTextOf(condition).message,
        forMs,
        receivers: [...receivers],
      })),
    }),
  );

  app.get(
    '/silences',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List silences, newest first',
        description: 'Those that have ended are kept for 90 days.',
        tags: ['alerts'],
        querystring: SilenceQuery,
        response: { 200: SilencePage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, state } }) => {
      const now = clock();
      if (state === 'active') {
        const rows = await store.silences.activeAt(now, MAX_ACTIVE_LISTED);
        return { items: rows.map((row) => resourceOf(row, now)) };
      }
      const rows = await store.silences.list({ before: cursor, limit });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      const items = rows.map((row) => resourceOf(row, now));
      return { items, ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.post(
    '/silences',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Silence alerts',
        description:
          'Receivers are not notified of alerts that match all given fields. An alert that still fires when the silence ends is ' +
          'sent then.',
        tags: ['alerts'],
        body: NewSilence,
        response: { 201: SilenceResource, ...problemResponses },
      },
    },
    async ({ body: { ttlSeconds, ...silence }, actor }, reply) => {
      const { condition, subject, pool } = silence;
      if (condition === undefined && (subject === undefined || subject === '*') && pool === undefined) {
        throw new ProblemError(
          'REQUEST_INVALID',
          'At least one of condition, pool and a subject other than * must be given: this would silence every alert.',
        );
      }
      const now = clock();
      const row = await silences.create({ ...silence, endsAt: now + ttlSeconds * 1_000 }, actor);
      return reply.code(201).send(resourceOf(row, now));
    },
  );

  app.delete(
    '/silences/:id',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'End a silence',
        tags: ['alerts'],
        params: IdParams,
        response: { 200: SilenceResource, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const row = await silences.end(id, actor);
      if (row !== undefined) return resourceOf(row, clock());
      throw new ProblemError('NOT_FOUND', `There is no silence ${id}, or it has ended.`);
    },
  );
}

function resourceOf(row: SilenceRow, now: number): SilenceResource {
  const { id, condition, subject, pool, comment, createdAt, createdBy, endsAt, endedBy } = row;
  return {
    id,
    state: endsAt > now ? 'active' : 'ended',
    ...(condition !== null && { condition }),
    ...(subject !== null && { subject }),
    ...(pool !== null && { pool }),
    comment,
    createdAt: timestamp(createdAt),
    createdBy,
    endsAt: timestamp(endsAt),
    ...(endedBy !== null && { endedBy }),
  };
}
