import { problemResponses } from '@penstock/api-schema';
import { Type } from '@penstock/json-schema';
import { ProblemError } from '@penstock/wire';
import type { AuthenticatedRequester } from '../actor.ts';
import type { FleetEvents } from '../events/events.ts';
import { EventStream } from './event-stream.ts';
import type { StreamAccess } from './stream-access.ts';
import type { TypedApp } from './typed-app.ts';

/** Concurrent listeners. */
const MAX_LISTENERS = 64;
/** Of one console session: each page has a stream. */
const MAX_LISTENERS_OF_SESSION = 16;

/** /events: fleet events as server-sent events. */
export function eventRoutes(
  app: TypedApp,
  events: FleetEvents,
  accessOf: (requester: AuthenticatedRequester) => StreamAccess,
): void {
  const listeners = new Map<string, number>();
  app.get(
    '/events',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Stream fleet events as server-sent events',
        description:
          'Resumes after `Last-Event-ID`, also one from another replica. If that event is no longer in memory, the first event is `reset`: read everything again after its `reloadAfterMs`. The stream ' +
          'ends when the gateway drains or the admin token or the console session ends.',
        tags: ['events'],
        produces: ['text/event-stream'],
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String({ maxLength: 256 })) }),
        response: { 200: Type.Unsafe<EventStream>({ type: 'string' }), ...problemResponses },
      },
    },
    async ({ headers, actor }, reply) => {
      if (events.listeners >= MAX_LISTENERS) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `The event stream already has ${MAX_LISTENERS} listeners. Close one of them or try again later.`,
          { retryAfter: 30 },
        );
      }
      const key = actor.session ?? '';
      const own = listeners.get(key) ?? 0;
      if (key !== '' && own >= MAX_LISTENERS_OF_SESSION) {
        throw new ProblemError(
          'TOO_MANY_REQUESTS',
          `This session already has ${MAX_LISTENERS_OF_SESSION} event streams. Close one of them, or share one between pages.`,
          { retryAfter: 30 },
        );
      }
      const stream = new EventStream({
        events,
        lastEventId: headers['last-event-id'],
        access: accessOf(actor),
      });
      listeners.set(key, own + 1);
      stream.once('close', () => {
        const left = (listeners.get(key) ?? 1) - 1;
        if (left === 0) listeners.delete(key);
        else listeners.set(key, left);
      });
      // `no-transform`: a proxy that compresses the response would buffer the events.
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}
