import {
  approvalResponse,
  IdParams,
  NewRollout,
  problemResponses,
  RolloutCancel,
  RolloutDetail,
  RolloutPage,
  RolloutPause,
  RolloutPreview,
  RolloutQuery,
} from '@penstock/api-schema';
import type { Rollouts } from '../rollouts/rollouts.ts';
import { answerOf } from './performed.ts';
import { newRolloutOf, rolloutDetail, rolloutPreview, rolloutResource } from './rollout-resource.ts';
import type { TypedApp } from './typed-app.ts';

export type RolloutApi = Pick<
  Rollouts,
  'list' | 'detail' | 'preview' | 'create' | 'pause' | 'resume' | 'cancel' | 'retry' | 'proceed' | 'openingOf'
>;

const tags = ['rollouts'];
const detailOf = ({ rollout, agents }: Awaited<ReturnType<Rollouts['detail']>>) =>
  rolloutDetail(rollout, agents);

/** /rollouts: versions of configuration and software that reach the agents step by step. */
export function rolloutRoutes(app: TypedApp, rollouts: RolloutApi): void {
  app.get(
    '/rollouts',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List rollouts, newest first',
        tags,
        querystring: RolloutQuery,
        response: { 200: RolloutPage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, state } }) => {
      const items = await rollouts.list({ before: cursor, limit, onlyOpen: state === 'open' });
      const last = items.length === limit ? items.at(-1) : undefined;
      return { items: items.map(rolloutResource), ...(last !== undefined && { nextCursor: last.id }) };
    },
  );

  app.get(
    '/rollouts/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get a rollout with its agents',
        tags,
        params: IdParams,
        response: { 200: RolloutDetail, ...problemResponses },
      },
    },
    async ({ params: { id } }) => detailOf(await rollouts.detail(id)),
  );

  app.post(
    '/rollouts/preview',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Preview a rollout',
        description:
          'Returns which agents would be canaries and in which group, in the order of a rollout created now.',
        tags,
        body: NewRollout,
        response: { 200: RolloutPreview, ...problemResponses },
      },
    },
    async ({ body }) => {
      const plan = await rollouts.preview(newRolloutOf(body));
      return rolloutPreview(plan, rollouts.openingOf(plan.rollout));
    },
  );

  app.post(
    '/rollouts',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Create a rollout',
        description:
          'Requires approval if a pool requires it for `rollout`, or for `pin` if a configuration is rolled out. It is a ' +
          'draft until then.',
        tags,
        body: NewRollout,
        response: { 201: RolloutDetail, ...approvalResponse, ...problemResponses },
      },
    },
    async ({ body, actor }, reply) => {
      void reply.code(201);
      return answerOf(await rollouts.create(newRolloutOf(body), actor), reply, detailOf);
    },
  );

  app.post(
    '/rollouts/:id/pause',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Pause a rollout',
        description: 'Nothing is started. Agents that switch already are observed to the end.',
        tags,
        params: IdParams,
        body: RolloutPause,
        response: { 200: RolloutDetail, ...problemResponses },
      },
    },
    async ({ params: { id }, body: { reason }, actor }) => detailOf(await rollouts.pause(id, reason, actor)),
  );

  app.post(
    '/rollouts/:id/cancel',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Cancel a rollout',
        tags,
        params: IdParams,
        body: RolloutCancel,
        response: { 200: RolloutDetail, ...problemResponses },
      },
    },
    async ({ params: { id }, body: { rollBack = false }, actor }) =>
      detailOf(await rollouts.cancel(id, rollBack, actor)),
  );

  for (const [verb, summary] of [
    ['resume', 'Resume a paused rollout'],
    ['retry', 'Try the failed agents of a halted rollout again'],
  ] as const) {
    app.post(
      `/rollouts/:id/${verb}`,
      {
        config: { role: 'operator' },
        schema: {
          summary,
          tags,
          params: IdParams,
          response: { 200: RolloutDetail, ...problemResponses },
        },
      },
      async ({ params: { id }, actor }) => detailOf(await rollouts[verb](id, actor)),
    );
  }

  app.post(
    '/rollouts/:id/proceed',
    {
      config: { role: 'operator' },
      schema: {
        summary: 'Have a rollout go on now',
        description:
          'Regardless of windows, freezes and `minReady`. Always requires the approval of an admin. Agents whose owners ' +
          'allow upgrades in windows only still wait.',
        tags,
        params: IdParams,
        response: { 200: RolloutDetail, ...approvalResponse, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }, reply) => answerOf(await rollouts.proceed(id, actor), reply, detailOf),
  );
}
