import { Readable } from 'node:stream';
import type { FleetEvent, FleetEvents } from '../events/events.ts';

const KIB = 1024;
/** Bytes that may wait for a listener. One that reads too slowly is cut off: it comes back and goes on. */
const MAX_WAITING = 256 * KIB;
/** Milliseconds between two comments, so that nothing on the way takes the connection for idle. */
const COMMENT_INTERVAL = 15_000;

export type EventStreamOptions = {
  readonly events: FleetEvents;
  /** `Last-Event-ID` of a listener that comes back. */
  readonly lastEventId: string | undefined;
  /** Whose stream it is, as the audit trail names an admin token: it ends when that token is revoked. */
  readonly actor: string;
};

/** What happens in the fleet, as server-sent events (HTML Living Standard, section 9.2). */
export class EventStream extends Readable {
  #stop: (() => void) | undefined;
  readonly #comments: NodeJS.Timeout;

  constructor({ events, lastEventId, actor }: EventStreamOptions) {
    super();
    this.#comments = setInterval(() => this.#send(': still here\n\n'), COMMENT_INTERVAL);
    const missed = lastEventId === undefined ? [] : events.since(lastEventId);
    // A listener that never got an event must still be able to say where it was.
    this.#send(`retry: 2000\nid: ${events.lastId}\n: welcome\n\n`);
    if (missed === undefined) this.#send(frame('reset', events.lastId, {}));
    for (const event of missed ?? []) this.#send(frameOf(event));
    this.#stop = events.listen({
      event: (event) => {
        this.#send(frameOf(event));
        if (endsTokenOf(actor, event)) this.#finish();
      },
      end: () => this.#finish(),
    });
  }

  override _read(): void {}

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#leave();
    callback(error);
  }

  #send(text: string): void {
    if (this.destroyed || this.readableEnded) return;
    this.push(text);
    if (this.readableLength > MAX_WAITING) this.destroy();
  }

  #finish(): void {
    this.#leave();
    this.push(null);
  }

  #leave(): void {
    clearInterval(this.#comments);
    this.#stop?.();
    this.#stop = undefined;
  }
}

const frameOf = ({ type, id, data }: FleetEvent) => frame(type, id, data);

/** JSON has no line breaks of its own, so one `data:` line holds it. */
function frame(event: string, id: string | undefined, data: object): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

function endsTokenOf(actor: string, event: FleetEvent): boolean {
  return event.type === 'audit' && event.data.action === 'admin-token.revoke' && event.data.subject === actor;
}
