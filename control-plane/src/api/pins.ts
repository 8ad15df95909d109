import {
  approvalResponse,
  NameParams,
  NewPin,
  PinList,
  PinPreview,
  PinPreviewQuery,
  PinResource,
  problemResponses,
  RemovedPin,
} from '@penstock/api-schema';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { OpenFleet, PinListing } from '../fleet/open-fleet.ts';
import type { PinTarget } from '../fleet/steering.ts';
import type { FleetReader } from './fleet-reader.ts';
import { answerOf } from './performed.ts';
import { previewOf } from './pin-preview.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** /pins: the versions that pools and agents are expected to run. They always fit on one page. */
export function pinRoutes(
  app: TypedApp,
  fleet: Pick<OpenFleet, 'pinListing' | 'versions' | 'poolViews' | 'agent'> &
    Pick<FleetReader, 'agentsAfter'>,
  actions: Pick<FleetActions, 'pin'>,
): void {
  app.get(
    '/pins',
    {
      config: { role: 'viewer' },
      schema: { summary: 'List pins', tags: ['pins'], response: { 200: PinList, ...problemResponses } },
    },
    async () => ({ items: fleet.pinListing().map(pinResource).sort(byName) }),
  );

  for (const scope of ['pool', 'agent'] as const) {
    const override = scope === 'agent' ? "An agent's pin overrides the pin of its pool. " : '';
    const what = scope === 'pool' ? 'a pool' : 'an agent';
    app.get(
      `/pins/${scope}s/:name/preview`,
      {
        config: { role: 'viewer' },
        schema: {
          summary: `Preview a pin of ${what}`,
          description:
            'Returns what pinning the version, or removing the pin, would do to the agents. Changes nothing.',
          tags: ['pins'],
          params: NameParams,
          querystring: PinPreviewQuery,
          response: { 200: PinPreview, ...problemResponses },
        },
      },
      async ({ params: { name }, query }) => previewOf(fleet, { scope, name }, query),
    );

    app.put(
      `/pins/${scope}s/:name`,
      {
        config: { role: 'operator' },
        schema: {
          summary: `Pin ${what} to a published version`,
          description: `${override}Requires approval if the pool requires it for \`pin\`.`,
          tags: ['pins'],
          params: NameParams,
          body: NewPin,
          response: { 200: PinResource, ...approvalResponse, ...problemResponses },
        },
      },
      async ({ params: { name }, body: { version }, actor }, reply) => {
        const target: PinTarget = { scope, name };
        const performed = await actions.pin(target, version, actor);
        return answerOf(performed, reply, (row) => {
          if (row === undefined) throw new TypeError('A pin was set but is missing.');
          return pinResource({ ...row, name });
        });
      },
    );

    app.delete(
      `/pins/${scope}s/:name`,
      {
        config: { role: 'operator' },
        schema: {
          summary: `Remove the pin of ${what}`,
          description: `${override}Requires approval if the pool requires it for \`pin\`.`,
          tags: ['pins'],
          params: NameParams,
          response: { 200: RemovedPin, ...approvalResponse, ...problemResponses },
        },
      },
      async ({ params: { name }, actor }, reply) => {
        const performed = await actions.pin({ scope, name }, undefined, actor);
        return answerOf(performed, reply, () => ({ scope, name }));
      },
    );
  }
}

function pinResource({ scope, name, version, digest, pinnedAt, pinnedBy }: PinListing): PinResource {
  return { scope, name, version, digest, pinnedAt: timestamp(pinnedAt), pinnedBy };
}

const byName = (one: PinResource, other: PinResource) =>
  one.scope.localeCompare(other.scope) || one.name.localeCompare(other.name);
