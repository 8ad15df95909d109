import { Readable } from 'node:stream';
import type { FleetEvents, Resumption } from '../events/events.ts';
import type { FleetEvent } from '../events/fleet-event.ts';
import { checkAccess, type StreamAccess } from './stream-access.ts';

const KIB = 1024;
/** Maximum number of bytes buffered for a listener. One that reads too slowly is cut off, and can resume. */
const MAX_BUFFERED_BYTES = 256 * KIB;
/** Interval of comments, which keep intermediaries from closing the connection as idle. */
const COMMENT_INTERVAL_MS = 15_000;
/** Listeners that have missed events spread their reads of the whole state over this time. */
const MAX_RELOAD_DELAY_MS = 5_000;

export type EventStreamOptions = {
  readonly events: FleetEvents;
  /** `Last-Event-ID` of a listener that resumes. */
  readonly lastEventId: string | undefined;
  /** The stream ends with it. */
  readonly access: StreamAccess;
};

/**
 * The events of the fleet as server-sent events (HTML Living Standard, section 9.2). A listener that resumes reads the
 * events it missed at its own pace; only events published meanwhile are buffered.
 */
export class EventStream extends Readable {
  /** Missed events that the listener has not read yet. */
  readonly #missed: FleetEvent[];
  readonly #resumption: Resumption | undefined;
  /** Frames of events published while the listener catches up. */
  #queued: string[] = [];
  #queuedBytes = 0;
  #stop: (() => void) | undefined;
  readonly #comments: NodeJS.Timeout;

  constructor({ events, lastEventId, access }: EventStreamOptions) {
    super();
    this.#comments = setInterval(() => {
      this.#send(': keep-alive\n\n');
      checkAccess(access, () => this.#finish());
    }, COMMENT_INTERVAL_MS);
    const resumption = lastEventId === undefined ? undefined : events.resume(lastEventId);
    this.#resumption = resumption;
    this.#missed = [...(resumption?.missed ?? [])];
    // A listener that is cut off before its first event must still be able to resume: after the events it has seen.
    const resumeId = this.#missed.length > 0 ? lastEventId : this.#idOf(events.lastId);
    this.push(`retry: 2000\nid: ${resumeId}\n: welcome\n\n`);
    if (lastEventId !== undefined && resumption === undefined)
      this.push(
        frame('reset', events.lastId, { reloadAfterMs: Math.floor(Math.random() * MAX_RELOAD_DELAY_MS) }),
      );
    this.#stop = events.listen({
      event: (event) => {
        // What it saw at the replica from which it came only moves its position.
        const hasSeen = resumption?.hasSeen(event) ?? false;
        this.#send(hasSeen ? `id: ${this.#idOf(event.id ?? '')}\n\n` : this.#frameOf(event));
        if (access.isEndedBy(event)) this.#finish();
      },
      end: () => this.#finish(),
    });
  }

  override _read(): void {
    for (let event = this.#missed.shift(); event !== undefined; event = this.#missed.shift()) {
      if (!this.push(this.#frameOf(event))) return;
    }
    const queued = this.#queued.splice(0);
    this.#queuedBytes = 0;
    for (const text of queued) this.push(text);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#leave();
    callback(error);
  }

  #frameOf({ type, id, data }: FleetEvent): string {
    return frame(type, id === undefined ? undefined : this.#idOf(id), data);
  }

  #idOf(id: string): string {
    return this.#resumption?.idAfter(id) ?? id;
  }

  #send(text: string): void {
    if (this.destroyed || this.readableEnded) return;
    if (this.#missed.length > 0 || this.#queued.length > 0) {
      this.#queued.push(text);
      this.#queuedBytes += Buffer.byteLength(text);
    } else {
      this.push(text);
    }
    if (this.readableLength + this.#queuedBytes > MAX_BUFFERED_BYTES) this.destroy();
  }

  #finish(): void {
    this.#leave();
    if (!this.destroyed && !this.readableEnded) this.push(null);
  }

  #leave(): void {
    clearInterval(this.#comments);
    this.#stop?.();
    this.#stop = undefined;
  }
}

/** JSON.stringify writes no line breaks, so one `data:` line is enough. */
function frame(event: string, id: string | undefined, data: object): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
