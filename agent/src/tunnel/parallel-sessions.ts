import type { AgentConfig } from '@penstock/config-schema';
import { pause, systemClock } from '@penstock/runtime';
import { type AgentMessage, errorCode, errorText } from '@penstock/wire';
import { CarriedConnections } from './carried-connections.ts';
import { type ConnectOptions, connectSession } from './connect-session.ts';
import { GatewayError } from './gateway-error.ts';
import { showsGatewayIsGone } from './gateway-presence.ts';
import { LiveSessions } from './live-sessions.ts';
import { LostSessions } from './lost-sessions.ts';
import { keepConnected } from './reconnect.ts';
import { type ReplicaCounts, ReplicaSpread } from './replica-spread.ts';
import { SessionGrowth } from './session-growth.ts';

export type ParallelSessionsOptions = Omit<ConnectOptions, 'carried' | 'lost' | 'spread' | 'onCongested'> & {
  readonly onFailed: (error: unknown) => void;
};

/** Time for the connection loops to react to an immediate stop. */
const STOP_TIMEOUT_MS = 1_000;

/** Failures in a row, while the other sessions are ready, after which an additional one is given up. */
const MAX_FAILURES = 3;

/** Keeps one of the parallel sessions connected. */
type ConnectionLoop = {
  readonly stopping: AbortController;
  readonly done: Promise<void>;
  /** Whether the gateway has refused it because the agent has as many sessions as it allows. */
  readonly isLimited: () => boolean;
};

/** The parallel sessions to the gateway (`gateway.sessions`, and more under load), and the sessions that they replace. */
export class ParallelSessions {
  readonly #options: ParallelSessionsOptions;
  readonly #loops: ConnectionLoop[] = [];
  /** Loops that are stopping. */
  readonly #stopping = new Set<Promise<void>>();
  readonly #live: LiveSessions;
  readonly #carried = new CarriedConnections(
    () => this.#live.liveEpochs(),
    () => this.#goneAt,
  );
  readonly #lost = new LostSessions();
  readonly #spread: ReplicaSpread;
  readonly #growth: SessionGrowth;
  #retryNow = new AbortController();
  /** When an attempt to connect has last shown that the gateway is gone. */
  #goneAt = Number.NEGATIVE_INFINITY;

  constructor(options: ParallelSessionsOptions) {
    this.#options = options;
    this.#live = new LiveSessions(() => options.config().drain.timeout);
    this.#spread = new ReplicaSpread({
      live: this.#live,
      least: () => options.config().gateway.sessions,
      sessions: () => this.#least,
      onShared: (counts) => options.log('replicas-shared', counts),
    });
    this.#growth = new SessionGrowth({
      least: () => options.config().gateway.sessions,
      most: () => options.config().gateway.maxSessions,
      bytesMoved: () => this.#live.bytesMoved,
      isRetiring: () => this.#live.isRetiring,
      clock: options.clock,
      onChanged: (sessions, before, reason) => {
        options.log(sessions > before ? 'sessions-added' : 'sessions-removed', { sessions, before, reason });
        this.#have(sessions, reason);
      },
    });
  }

  /** Sessions that the gateway has welcomed and that await no successor. */
  get ready(): number {
    return this.#live.ready;
  }

  /** Sessions that the agent should have: `gateway.sessions`, or as many as the gateway allows, and those that it has added. */
  get wanted(): number {
    return Math.max(this.#least, Math.min(this.ready, this.#growth.sessions));
  }

  /** Replicas of the gateway that have a session, of those that could; undefined if it has none. */
  get replicas(): ReplicaCounts | undefined {
    return this.#spread.counts;
  }

  get #least(): number {
    const { sessions } = this.#options.config().gateway;
    return this.ready > 0 ? sessions - this.#limited : sessions;
  }

  get #limited(): number {
    return this.#loops.filter(({ isLimited }) => isLimited()).length;
  }

  get streams(): { readonly open: number; readonly opening: number } {
    return this.#live.streams;
  }

  /** Connections that have lost their session and are kept for another one. */
  get adrift(): number {
    return this.#carried.adrift;
  }

  start(): void {
    while (this.#loops.length < this.#growth.sessions) this.#loops.push(this.#startLoop(this.#loops.length));
  }

  /** Applies a changed configuration. No stream is cut. */
  apply(before: AgentConfig): void {
    const { gateway } = this.#options.config();
    if (this.#loops.length === 0) return;
    this.#growth.configured();
    this.#have(this.#growth.sessions, 'the configuration allows fewer sessions');
    if (!isSameRoute(before.gateway, gateway)) this.#live.replaceAll('the route to the gateway has changed');
    this.retryNow();
  }

  announce(message: AgentMessage): void {
    this.#live.announce(message);
  }

  /** Sends a message on one session, or drops it if there is none. */
  sendOnOne(message: AgentMessage): void {
    this.#live.sendOnOne(message);
  }

  /** Replaces one session, whose successor uses what has changed. */
  replaceOne(reason: string): void {
    this.#live.replaceOne(reason);
  }

  /** Replaces all sessions that were not made with the certificate `serial`. */
  replaceOthers(serial: string, reason: string): void {
    this.#live.replaceAll(reason, serial);
  }

  /** Checks every session and ends every wait. Call it when this host may have slept. */
  wake(): void {
    this.#live.suspectAll();
    this.retryNow();
  }

  /** Ends every wait for the next attempt to connect. */
  retryNow(): void {
    this.#retryNow.abort();
    this.#retryNow = new AbortController();
  }

  /** Stops accepting opens. Resolves when the last stream has ended or the drain timeout has passed. */
  async drain(): Promise<void> {
    this.#growth.stop();
    this.#stopFrom(0);
    const { timeout } = this.#options.config().drain;
    await Promise.all([this.#waitForLoops(timeout), this.#live.drain()]);
    this.#carried.endAll('DRAIN_TIMEOUT');
  }

  /** Ends every session immediately. */
  async stop(): Promise<void> {
    this.#growth.stop();
    this.#stopFrom(0);
    await Promise.all([this.#waitForLoops(STOP_TIMEOUT_MS), this.#live.stop()]);
    // Those without a session. All others have ended with theirs.
    this.#carried.endAll('DRAIN_TIMEOUT');
  }

  /** Waits for stopping loops, which may be blocked by a request, but not longer than `timeoutMs`. */
  async #waitForLoops(timeoutMs: number): Promise<void> {
    const ended = new AbortController();
    const all = Promise.all(this.#stopping).then(() => ended.abort());
    await Promise.race([all, pause(systemClock, timeoutMs, ended.signal)]);
  }

  /** Connects further sessions, or retires the last ones. */
  #have(sessions: number, reason: string): void {
    this.#stopFrom(sessions);
    this.#live.retireFrom(sessions, reason);
    this.start();
  }

  #stopFrom(index: number): void {
    for (const { stopping, done } of this.#loops.splice(index)) {
      stopping.abort(new Error('This session is no longer needed.'));
      this.#stopping.add(done);
      void done.then(() => this.#stopping.delete(done));
    }
  }

  #startLoop(index: number): ConnectionLoop {
    const { config, log, metrics, onFailed } = this.#options;
    const stopping = new AbortController();
    const connect = {
      ...this.#options,
      carried: this.#carried,
      lost: this.#lost,
      spread: this.#spread,
      onCongested: () => this.#growth.congested(),
    };
    let isLimited = false;
    let failures = 0;
    const done = keepConnected(
      {
        connectOnce: async (signal) => {
          const session = await connectSession(index, this.#live, connect, signal);
          isLimited = false;
          failures = 0;
          return session;
        },
        backoff: () => config().tunnel.reconnect,
        retryNow: () => this.#retryNow.signal,
        onFailed: (error, delayMs) => {
          if (showsGatewayIsGone(error)) this.#goneAt = performance.now();
          const wereLimited = this.#limited;
          if (index >= config().gateway.sessions) {
            failures = this.ready < this.#least ? 0 : failures + 1;
            if (errorCode(error) === 'LIMIT_EXCEEDED' || failures === MAX_FAILURES)
              this.#growth.refused(Math.max(index, this.#live.lastReady + 1), errorText(error));
            // No failure of the agent: nobody misses an additional session.
            return;
          }
          // Without a session, the limit is used up by those of a process that has died.
          isLimited = errorCode(error) === 'LIMIT_EXCEEDED' && this.ready > 0;
          if (isLimited) {
            // It is tried again, because the limit may be raised, but said once for all sessions.
            if (wereLimited === 0)
              log('sessions-limited', { wanted: config().gateway.sessions, detail: errorText(error) });
            return;
          }
          log(isUntrusted(error) ? 'gateway-untrusted' : 'session-failed', {
            session: index,
            code: errorCode(error),
            detail: errorText(error),
            retryIn: Math.round(delayMs),
          });
          onFailed(error);
        },
        onEnded: (error, durationMs) => {
          log('session-ended', {
            session: index,
            code: errorCode(error),
            detail: error.message,
            seconds: Math.round(durationMs / 1000),
          });
          metrics.sessionEnded();
          onFailed(error);
        },
      },
      stopping.signal,
    );
    return { stopping, done, isLimited: () => isLimited };
  }
}

const isUntrusted = (error: unknown) =>
  error instanceof GatewayError &&
  (error.code === 'GATEWAY_PIN_MISMATCH' || error.code === 'GATEWAY_CERTIFICATE_INVALID');

const isSameRoute = (a: AgentConfig['gateway'], b: AgentConfig['gateway']) =>
  a.url === b.url && a.trust === b.trust && a.pins.join() === b.pins.join() && proxyOf(a) === proxyOf(b);

const proxyOf = ({ proxy }: AgentConfig['gateway']) => (typeof proxy === 'string' ? proxy : proxy.reveal());
