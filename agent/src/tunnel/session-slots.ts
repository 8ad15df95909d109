import type { AgentConfig } from '@penstock/config-schema';
import { pause, systemClock } from '@penstock/runtime';
import { type AgentMessage, errorCode, errorText } from '@penstock/wire';
import { type ConnectOptions, connectSession } from './connect-session.ts';
import { GatewayError } from './gateway-error.ts';
import { LiveSessions } from './live-sessions.ts';
import { keepConnected } from './reconnect.ts';

export type SlotsOptions = ConnectOptions & { readonly onFailed: (error: unknown) => void };

/** Milliseconds for the loops to notice that they are to stop at once. */
const STOP_TIMEOUT = 1_000;

/** One of the parallel sessions: a loop that keeps it connected. */
type Slot = { readonly stopping: AbortController; readonly done: Promise<void> };

/** The parallel sessions to the gateway, as many as the file asks for, and those they are replacing. */
export class SessionSlots {
  readonly #options: SlotsOptions;
  readonly #slots: Slot[] = [];
  /** Loops that were told to stop and may not have noticed yet. */
  readonly #stopping = new Set<Promise<void>>();
  readonly #live: LiveSessions;
  #news = new AbortController();

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#live = new LiveSessions(() => options.config().drain.timeout);
  }

  /** Sessions the gateway has welcomed and that nothing is to replace. */
  get ready(): number {
    return this.#live.ready;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return this.#live.streams;
  }

  start(): void {
    while (this.#slots.length < this.#options.config().gateway.sessions)
      this.#slots.push(this.#keep(this.#slots.length));
  }

  /** Follows a changed configuration. No stream is cut by it. */
  apply(before: AgentConfig): void {
    const { gateway } = this.#options.config();
    if (this.#slots.length === 0) return;
    this.#stopFrom(gateway.sessions);
    this.#live.retireFrom(gateway.sessions, 'the file asks for fewer sessions');
    this.start();
    if (!isSameWay(before.gateway, gateway))
      this.#live.replaceAll('the file names another way to the gateway');
    this.hurry();
  }

  announce(message: AgentMessage): void {
    this.#live.announce(message);
  }

  /** Makes one session anew, so that it carries what has changed. */
  replaceOne(reason: string): void {
    this.#live.replaceOne(reason);
  }

  /** Makes anew all sessions that were not made with this certificate. */
  replaceOthers(serial: string, reason: string): void {
    this.#live.replaceAll(reason, serial);
  }

  /** This host slept: what was connected may be gone, and what waited to connect has waited long enough. */
  wake(): void {
    this.#live.suspectAll();
    this.hurry();
  }

  /** There is news: no loop waits any longer before it tries again. */
  hurry(): void {
    this.#news.abort();
    this.#news = new AbortController();
  }

  /** Takes no new opens and comes back when the last stream has ended, or the drain deadline has come. */
  async drain(): Promise<void> {
    this.#stopFrom(0);
    const { timeout } = this.#options.config().drain;
    await Promise.all([this.#loopsEnd(timeout), this.#live.drain()]);
  }

  /** Ends every session at once. */
  async stop(): Promise<void> {
    this.#stopFrom(0);
    await Promise.all([this.#loopsEnd(STOP_TIMEOUT), this.#live.stop()]);
  }

  /** Waits for loops that were told to stop, but not for one that stands behind a request for longer than this. */
  async #loopsEnd(within: number): Promise<void> {
    const ended = new AbortController();
    const all = Promise.all(this.#stopping).then(() => ended.abort());
    await Promise.race([all, pause(systemClock, within, ended.signal)]);
  }

  #stopFrom(slot: number): void {
    for (const { stopping, done } of this.#slots.splice(slot)) {
      stopping.abort(new Error('This session is no longer wanted.'));
      this.#stopping.add(done);
      void done.then(() => this.#stopping.delete(done));
    }
  }

  #keep(index: number): Slot {
    const { config, log, metrics, onFailed } = this.#options;
    const stopping = new AbortController();
    const done = keepConnected(
      {
        connectOnce: (signal) => connectSession(index, this.#live, this.#options, signal),
        backoff: () => config().tunnel.reconnect,
        news: () => this.#news.signal,
        onFailed: (error, wait) => {
          log(isMistrust(error) ? 'gateway-untrusted' : 'session-failed', {
            session: index,
            code: errorCode(error),
            detail: errorText(error),
            retryIn: Math.round(wait),
          });
          onFailed(error);
        },
        onEnded: (error, lived) => {
          log('session-ended', {
            session: index,
            code: errorCode(error),
            detail: error.message,
            seconds: Math.round(lived / 1000),
          });
          metrics.sessionEnded();
          onFailed(error);
        },
      },
      stopping.signal,
    );
    return { stopping, done };
  }
}

const isMistrust = (error: unknown) =>
  error instanceof GatewayError &&
  (error.code === 'GATEWAY_PIN_MISMATCH' || error.code === 'GATEWAY_CERTIFICATE_INVALID');

const isSameWay = (a: AgentConfig['gateway'], b: AgentConfig['gateway']) =>
  a.url === b.url && a.trust === b.trust && a.pins.join() === b.pins.join() && proxyOf(a) === proxyOf(b);

const proxyOf = ({ proxy }: AgentConfig['gateway']) => (typeof proxy === 'string' ? proxy : proxy.reveal());
