import { ProblemError } from '@penstock/wire';
import Type from 'typebox';
import type { FleetEvents } from '../events/events.ts';
import { EventStream } from './event-stream.ts';
import { problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

/** Listeners at once. */
const MAX_LISTENERS = 64;

/** /events: what happens, as it happens. */
export function eventRoutes(app: TypedApp, events: FleetEvents): void {
  app.get(
    '/events',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'What happens in the fleet, as server-sent events',
        description:
          'Goes on after `Last-Event-ID`; where that is too long ago, the first event is `reset`. Ends when the ' +
          'gateway drains or the admin token is revoked.',
        tags: ['events'],
        produces: ['text/event-stream'],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 64 })) }),
        response: { 200: Type.Unsafe<EventStream>({ type: 'string' }), ...problems },
      },
    },
    async ({ headers, actor }, reply) => {
      if (events.listeners >= MAX_LISTENERS) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `${MAX_LISTENERS} listeners follow the events already. Close one, or ask again later.`,
          { retryAfter: 30 },
        );
      }
      const stream = new EventStream({ events, lastEventId: headers['last-event-id'], actor: actor.id });
      // `no-transform`: a proxy that gathers the answer would hold back every event.
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}
