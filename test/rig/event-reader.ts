import assert from 'node:assert/strict';
import { deadline } from './deadline.ts';

export type SentEvent = { readonly event: string; readonly id: string | undefined; readonly data: unknown };

export type EventReader = AsyncDisposable & {
  /** Returns the next event, skipping comments and the greeting; undefined when the stream has ended. */
  next(): Promise<SentEvent | undefined>;
  /** The value that a listener would send as Last-Event-ID. */
  readonly lastId: string | undefined;
};

/** Follows /api/v1/events, or another stream, like an EventSource. */
export async function readEvents(
  url: string,
  token: string,
  lastEventId?: string,
  path = '/api/v1/events',
): Promise<EventReader & { readonly headers: Headers }> {
  const cancel = new AbortController();
  const response = await fetch(new URL(path, url), {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: cancel.signal,
  });
  assert.equal(response.status, 200, `${response.status}`);
  assert.ok(response.body);
  const chunks = response.body[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let text = '';
  let lastId: string | undefined;
  const block = async (): Promise<string | undefined> => {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        return found;
      }
      const { value, done } = await deadline('the next event', chunks.next(), 10_000);
      if (done) return undefined;
      text += decoder.decode(value, { stream: true });
    }
  };
  return {
    headers: response.headers,
    get lastId() {
      return lastId;
    },
    async next() {
      for (;;) {
        const found = await block();
        if (found === undefined) return undefined;
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(found)?.[1];
        lastId = field('id') ?? lastId;
        const event = field('event');
        if (event !== undefined) return { event, id: field('id'), data: JSON.parse(field('data') ?? '') };
      }
    },
    async [Symbol.asyncDispose]() {
      cancel.abort();
      await chunks.return?.().catch(() => undefined);
    },
  };
}
