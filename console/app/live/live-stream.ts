import { backOff } from './back-off.ts';
import { EventParser } from './event-parser.ts';

export type LiveEvent = { readonly type: string; readonly data: unknown };

export type LiveStatus =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  /** No updates since `since` (local time); tried again by itself. */
  | { readonly name: 'lost'; readonly since: number; readonly reason: string }
  /** The page is hidden: nothing is read until it is seen again. */
  | { readonly name: 'paused' }
  | { readonly name: 'signed-out' };

export type LiveStreamOptions = {
  readonly fetch: (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;
  /** `id` is what a stream can be continued after. */
  readonly onEvent: (event: LiveEvent, id: string | undefined) => void;
  /** Called with every change of state. */
  readonly onStatus: (status: LiveStatus) => void;
  /** Events were missed: everything has to be fetched again, after milliseconds that differ from page to page. */
  readonly onReset: (afterMs: number) => void;
  /** Called whenever something arrives, with what a stream can be continued after. */
  readonly onBytes?: (id: string | undefined) => void;
  /** Continues after this event. */
  readonly lastEventId?: string;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Milliseconds without a byte after which the stream counts as lost; the gateway sends a comment every 15 seconds. */
  readonly silenceMs?: number;
};

const SILENCE_MS = 35_000;

/**
 * The events of the gateway, by fetch: EventSource cannot send a header, and does not tell 401 from a broken connection.
 * Reconnects with back-off, and continues after the last event. Ends for good when the session has ended.
 */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  readonly #now: () => number;
  #status: LiveStatus = { name: 'connecting' };
  #lastId: string | undefined;
  #lastByteAt: number;
  #attempt = 0;
  #request: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether this stream has been live: a first connection that fails has missed everything since the page was loaded. */
  #hasBeenLive = false;

  constructor(options: LiveStreamOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#lastByteAt = this.#now();
    this.#lastId = options.lastEventId;
  }

  get status(): LiveStatus {
    return this.#status;
  }

  start(): void {
    if (this.#request !== undefined) return;
    clearTimeout(this.#timer);
    void this.#connect();
  }

  /** Closes the connection until `start` is called. */
  pause(): void {
    this.#close();
    this.#setStatus({ name: 'paused' });
  }

  stop(): void {
    this.#close();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#request?.abort();
    this.#request = undefined;
  }

  #setStatus(status: LiveStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }

  async #connect(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    if (this.#status.name !== 'lost') this.#setStatus({ name: 'connecting' });
    try {
      this.#watch(request);
      const headers = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId };
      const response = await this.#options.fetch(headers, request.signal);
      if (this.#request !== request) return;
      if (response.status === 401) {
        this.#close();
        this.#setStatus({ name: 'signed-out' });
        return;
      }
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        this.#retry(request, `status ${response.status}`, retryAfterOf(response));
        return;
      }
      await this.#read(response.body, request);
      this.#retry(request, 'the gateway closed the stream');
    } catch (error) {
      this.#retry(request, error instanceof Error ? error.message : String(error));
    }
  }

  async #read(body: ReadableStream<Uint8Array>, request: AbortController): Promise<void> {
    const parser = new EventParser({
      onId: (id) => {
        this.#lastId = id;
      },
      onEvent: ({ type, data }) => {
        const value = JSON.parse(data) as unknown;
        if (type === 'reset') this.#options.onReset(reloadAfterOf(value));
        else this.#options.onEvent({ type, data: value }, this.#lastId);
      },
    });
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#request !== request) return;
      this.#lastByteAt = this.#now();
      this.#watch(request);
      this.#becomeLive();
      parser.feed(decoder.decode(value, { stream: true }));
      this.#options.onBytes?.(this.#lastId);
    }
  }

  #becomeLive(): void {
    this.#attempt = 0;
    if (this.#status.name === 'live') return;
    // Without an id to resume after, what happened in between is unknown.
    if (this.#hasBeenLive && this.#lastId === undefined) this.#options.onReset(0);
    this.#hasBeenLive = true;
    this.#setStatus({ name: 'live' });
  }

  /** Ends the request when nothing has arrived for too long. */
  #watch(request: AbortController): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      request.abort();
      this.#retry(request, 'nothing arrived for too long');
    }, this.#options.silenceMs ?? SILENCE_MS);
  }

  #retry(request: AbortController, reason: string, afterMs = 0): void {
    if (this.#request !== request) return;
    this.#request = undefined;
    clearTimeout(this.#timer);
    this.#attempt += 1;
    const since = this.#status.name === 'lost' ? this.#status.since : this.#lastByteAt;
    this.#setStatus({ name: 'lost', since, reason });
    const wait = Math.max(afterMs, backOff(this.#attempt, this.#options.random ?? Math.random));
    this.#timer = setTimeout(() => void this.#connect(), wait);
  }
}

function retryAfterOf({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) ? Math.min(seconds, 120) * 1000 : 0;
}

/** The gateway spreads the pages that have to read everything again. */
function reloadAfterOf(data: unknown): number {
  const { reloadAfterMs } = data as { readonly reloadAfterMs?: unknown };
  return typeof reloadAfterMs === 'number' ? Math.min(Math.max(reloadAfterMs, 0), 10_000) : 0;
}
