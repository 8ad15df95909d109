import { type LiveEvent, type LiveStatus, LiveStream, type LiveStreamOptions } from './live-stream.ts';

/** What the tab that reads the events tells the others, and what they ask it. */
type Message =
  | { readonly kind: 'hello' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'status'; readonly status: LiveStatus; readonly lastId: string | undefined }
  | { readonly kind: 'events'; readonly events: readonly LiveEvent[]; readonly lastId: string | undefined }
  | { readonly kind: 'reset'; readonly afterMs: number };

const NAME = 'penstock.events';
/** A tab that reads the events says that they still arrive at most this often. */
const BEAT_MS = 5_000;
/** More than the time in which the tab that reads the events notices that they are lost. */
const SILENCE_MS = 45_000;
/** Events are collected for the other tabs this long: a message for each would cost more than all else that a busy page does. */
const COLLECT_MS = 100;
const MAX_COLLECTED_EVENTS = 200;

/**
 * The events of the gateway, read once for all tabs of this browser: browsers open at most six connections to one host, and
 * with a stream for each tab the seventh would never load. A lock decides which tab reads; when it is closed or hidden, the
 * next one continues after the last event.
 */
export class SharedStream {
  readonly #options: LiveStreamOptions;
  readonly #silenceMs: number;
  #status: LiveStatus = { name: 'connecting' };
  #channel: BroadcastChannel | undefined;
  /** Waits for the lock, or holds it. */
  #turn: AbortController | undefined;
  #own: LiveStream | undefined;
  #lastId: string | undefined;
  #beatAt = 0;
  /** What the other tabs have not been told yet. */
  #collected: LiveEvent[] = [];
  #collecting: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveStreamOptions, silenceMs = SILENCE_MS) {
    this.#options = options;
    this.#silenceMs = silenceMs;
  }

  get status(): LiveStatus {
    return this.#status;
  }

  /** Takes part, or tries again at once if the events are lost. */
  start(): void {
    if (this.#channel !== undefined) {
      if (this.#own === undefined) this.#post({ kind: 'retry' });
      else this.#own.start();
      return;
    }
    this.#setStatus({ name: 'connecting' });
    const channel = new BroadcastChannel(NAME);
    channel.onmessage = ({ data }: { readonly data: Message }) => this.#hear(data);
    this.#channel = channel;
    this.#post({ kind: 'hello' });
    const turn = new AbortController();
    this.#turn = turn;
    // Rejects when the tab leaves before its turn has come.
    navigator.locks.request(NAME, { signal: turn.signal }, () => this.#lead(turn.signal)).catch(() => {});
    this.#watch();
  }

  /** Leaves the events to the other tabs until `start` is called. */
  pause(): void {
    this.stop();
    this.#setStatus({ name: 'paused' });
  }

  stop(): void {
    this.#tellEvents();
    clearTimeout(this.#silence);
    this.#turn?.abort();
    this.#turn = undefined;
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** Reads the events for all tabs. Resolves when this one leaves. */
  async #lead(left: AbortSignal): Promise<void> {
    if (left.aborted) return;
    clearTimeout(this.#silence);
    const { onEvent, onReset } = this.#options;
    const own = new LiveStream({
      ...this.#options,
      ...(this.#lastId !== undefined && { lastEventId: this.#lastId }),
      onEvent: (event, id) => {
        this.#lastId = id;
        onEvent(event, id);
        this.#collect(event);
      },
      onReset: (afterMs) => {
        onReset(afterMs);
        this.#tellEvents();
        this.#post({ kind: 'reset', afterMs });
      },
      onStatus: (status) => {
        this.#setStatus(status);
        this.#beat();
      },
      onBytes: (id) => {
        this.#lastId = id;
        if (performance.now() - this.#beatAt > BEAT_MS) this.#beat();
      },
    });
    this.#own = own;
    own.start();
    await new Promise<void>((resolve) => left.addEventListener('abort', () => resolve(), { once: true }));
    own.stop();
    this.#own = undefined;
  }

  #hear(message: Message): void {
    if (this.#own !== undefined) {
      if (message.kind === 'hello') this.#beat();
      if (message.kind === 'retry' && this.#status.name === 'lost') this.#own.start();
      return;
    }
    if (message.kind === 'hello' || message.kind === 'retry') return;
    this.#watch();
    if (message.kind === 'reset') {
      this.#options.onReset(message.afterMs);
      return;
    }
    if (message.kind === 'events') {
      // This tab has been away, and what it missed came before these. The status that follows has it read everything again.
      if (this.#status.name !== 'live' && this.#lastId !== undefined) return;
      this.#lastId = message.lastId;
      for (const event of message.events) this.#options.onEvent(event, message.lastId);
      return;
    }
    // This tab has been away, and the events in between were told to the others.
    const isBehind = this.#status.name !== 'live' && this.#lastId !== message.lastId;
    if (isBehind && this.#lastId !== undefined && message.status.name === 'live') this.#options.onReset(0);
    this.#lastId = message.lastId ?? this.#lastId;
    this.#setStatus(message.status);
  }

  #collect(event: LiveEvent): void {
    this.#collected.push(event);
    if (this.#collected.length >= MAX_COLLECTED_EVENTS) this.#tellEvents();
    else this.#collecting ??= setTimeout(() => this.#tellEvents(), COLLECT_MS);
  }

  /** Before anything that says how far this tab has read: the others would continue after it. */
  #tellEvents(): void {
    clearTimeout(this.#collecting);
    this.#collecting = undefined;
    if (this.#collected.length === 0) return;
    this.#post({ kind: 'events', events: this.#collected, lastId: this.#lastId });
    this.#collected = [];
  }

  #beat(): void {
    this.#tellEvents();
    this.#beatAt = performance.now();
    this.#post({ kind: 'status', status: this.#status, lastId: this.#lastId });
  }

  #post(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #setStatus(status: LiveStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }

  /** Notices that no other tab reads the events, although this one has not had its turn. */
  #watch(): void {
    clearTimeout(this.#silence);
    const since = (this.#options.now ?? Date.now)();
    this.#silence = setTimeout(() => {
      this.#setStatus({ name: 'lost', since, reason: 'the tab that reads them does not answer' });
    }, this.#silenceMs);
  }
}
