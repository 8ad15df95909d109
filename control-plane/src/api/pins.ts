import Type, { type Static } from 'typebox';
import type { FleetActions } from '../approvals/fleet-actions.ts';
import type { PinListing } from '../fleet/open-fleet.ts';
import type { PinTarget } from '../fleet/steering.ts';
import { waitingAnswer } from './approval-resource.ts';
import { answerOf } from './performed.ts';
import { Name, problems, Timestamp, timestamp } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

const PinResource = Type.Object({
  scope: Type.Enum(['pool', 'agent'], { description: "An agent's own pin goes before its pool's." }),
  name: Name,
  version: Type.Integer(),
  digest: Type.String(),
  pinnedAt: Timestamp,
  pinnedBy: Type.String(),
});
type PinResource = Static<typeof PinResource>;

const PinList = Type.Object({ items: Type.Array(PinResource) });
const PinRequest = Type.Object(
  {
    version: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'A version that was published for the pool.',
    }),
  },
  { additionalProperties: false },
);
const Unpinned = Type.Object({ scope: Type.Enum(['pool', 'agent']), name: Name });
const Params = Type.Object({ name: Name });

/** /pins: the versions that pools and agents are expected to run on. There are few, so they come on one page. */
export function pinRoutes(
  app: TypedApp,
  pins: () => readonly PinListing[],
  actions: Pick<FleetActions, 'pin'>,
): void {
  app.get(
    '/pins',
    {
      config: { role: 'viewer' },
      schema: { summary: 'Pins', tags: ['pins'], response: { 200: PinList, ...problems } },
    },
    async () => ({ items: pins().map(pinResource).sort(byName) }),
  );

  for (const scope of ['pool', 'agent'] as const) {
    const what = scope === 'pool' ? 'all agents of a pool' : 'one agent, before the pin of its pool';
    app.put(
      `/pins/${scope}s/:name`,
      {
        config: { role: 'operator' },
        schema: {
          summary: `Pin a published version for ${what}`,
          description: 'Waits for an admin where the pool of gateway.yaml wants that for `pin`.',
          tags: ['pins'],
          params: Params,
          body: PinRequest,
          response: { 200: PinResource, ...waitingAnswer, ...problems },
        },
      },
      async ({ params: { name }, body: { version }, actor }, reply) => {
        const target: PinTarget = { scope, name };
        const performed = await actions.pin(target, version, actor);
        return answerOf(performed, reply, (row) => {
          if (row === undefined) throw new TypeError('A pin was set, and is not there.');
          return pinResource({ ...row, name });
        });
      },
    );

    app.delete(
      `/pins/${scope}s/:name`,
      {
        config: { role: 'operator' },
        schema: {
          summary: `Take away the pin of ${what}`,
          description: 'Waits for an admin where the pool of gateway.yaml wants that for `pin`.',
          tags: ['pins'],
          params: Params,
          response: { 200: Unpinned, ...waitingAnswer, ...problems },
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
