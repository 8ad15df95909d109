import type { AgentConfig } from '@penstock/config-schema';
import {
  type AgentMessage,
  type AgentMessageOf,
  type GatewayMessage,
  ProblemError,
  systemClock,
  TunnelError,
  type WindowBudget,
} from '@penstock/wire';
import { type ClockReading, type Heartbeats, startHeartbeats } from '../health/heartbeat.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { Targets } from '../target/targets.ts';
import { dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import type { Environment } from './proxy.ts';
import { keepConnected } from './reconnect.ts';
import { GatewaySession } from './session.ts';

export type SlotsOptions = {
  readonly config: () => AgentConfig;
  readonly gateway: () => GatewayTarget;
  readonly environment: Environment;
  readonly keeper: Pick<IdentityKeeper, 'candidate' | 'carried' | 'refused'>;
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  readonly hello: (index: number) => AgentMessageOf<'hello'>;
  readonly heartbeatFacts: () => Omit<AgentMessageOf<'heartbeat'>, 'type' | 'seq' | 'sentAt'>;
  readonly onAcknowledged: (interval: number, reading: ClockReading) => void;
  readonly onFailed: (error: unknown) => void;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

/** One of the parallel sessions: a loop that keeps it connected. */
type Slot = { readonly stopping: AbortController; readonly done: Promise<void> };
/** A live session and what was made for it. */
type Live = { readonly slot: number; readonly serial: string; readonly heartbeats: Heartbeats };

/** The parallel sessions to the gateway, as many as the file asks for, and those they are replacing. */
export class SessionSlots {
  readonly #options: SlotsOptions;
  readonly #slots: Slot[] = [];
  readonly #live = new Map<GatewaySession, Live>();

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Sessions the gateway has welcomed and that take opens. */
  get ready(): number {
    return this.#live.keys().reduce((count, session) => count + (session.state === 'ready' ? 1 : 0), 0);
  }

  get streams(): { readonly open: number; readonly opening: number } {
    let open = 0;
    let opening = 0;
    for (const { streams } of this.#live.keys()) {
      open += streams.open;
      opening += streams.opening;
    }
    return { open, opening };
  }

  start(): void {
    while (this.#slots.length < this.#options.config().gateway.sessions)
      this.#slots.push(this.#keep(this.#slots.length));
  }

  /** Follows a changed configuration. */
  apply(before: AgentConfig): void {
    const { gateway } = this.#options.config();
    if (this.#slots.length === 0) return;
    for (const { stopping } of this.#slots.splice(gateway.sessions)) stopping.abort();
    this.start();
    for (const [session, { slot }] of this.#live) {
      if (slot >= gateway.sessions) session.retire('the file asks for fewer sessions');
      else if (!isSameGateway(before.gateway, gateway)) session.retire('the file names another gateway');
    }
  }

  announce(message: AgentMessage): void {
    for (const session of this.#live.keys()) session.send(message);
  }

  /** Makes one session anew, so that it carries what has changed. */
  retireOne(reason: string): void {
    const ready = this.#live.keys().find((session) => session.state === 'ready');
    ready?.retire(reason);
  }

  /** Makes anew all sessions that were not made with this certificate. */
  retireOthers(serial: string, reason: string): void {
    for (const [session, live] of this.#live) if (live.serial !== serial) session.retire(reason);
  }

  /** Takes no new opens and comes back when the last stream has ended, or the drain deadline has. */
  async drain(): Promise<void> {
    for (const { stopping } of this.#slots) stopping.abort();
    const ended = [...this.#live.keys()].map((session) => session.ended);
    for (const session of this.#live.keys()) session.retire('the agent drains');
    await Promise.all(ended);
  }

  /** Ends every session at once. */
  async stop(): Promise<void> {
    const slots = this.#slots.splice(0);
    for (const { stopping } of slots) stopping.abort();
    for (const session of this.#live.keys())
      session.end(new TunnelError('AGENT_DRAINING', 'The agent stops.'));
    await Promise.all(slots.map(({ done }) => done));
  }

  #keep(index: number): Slot {
    const { config, log, metrics, onFailed } = this.#options;
    const stopping = new AbortController();
    const done = keepConnected(
      {
        connectOnce: (signal) => this.#connectOnce(index, signal),
        backoff: config().tunnel.reconnect,
        onFailed: (error, wait) => {
          const trust = error instanceof GatewayError && error.permanent;
          const code = error instanceof Error && 'code' in error ? error.code : undefined;
          const detail = error instanceof Error ? error.message : String(error);
          log(trust ? 'gateway-not-trusted' : 'session-failed', {
            session: index,
            code,
            detail,
            retryIn: Math.round(wait),
          });
          onFailed(error);
        },
        onEnded: (error, lived) => {
          log('session-ended', { session: index, detail: error.message, seconds: Math.round(lived / 1000) });
          metrics.sessionEnded();
          onFailed(error);
        },
      },
      stopping.signal,
    );
    return { stopping, done };
  }

  async #connectOnce(index: number, signal: AbortSignal): Promise<GatewaySession> {
    const { gateway, environment, keeper, hello, config, log } = this.#options;
    const identity = keeper.candidate;
    if (identity === undefined) throw new ProblemError('IDENTITY_REQUIRED');
    const { serial } = identity;
    log('session-connecting', { session: index, gateway: gateway().url });
    const socket = await dialGateway(gateway(), {
      environment,
      signal,
      identity: { key: identity.key.reveal(), certificate: identity.certificate },
    });
    let live: Live | undefined;
    try {
      const { session, welcome } = await GatewaySession.establish(socket, {
        url: gateway().url,
        hello: hello(index),
        targets: this.#options.targets,
        windows: this.#options.windows,
        ping: { interval: config().tunnel.pingInterval, timeout: config().tunnel.pingTimeout },
        halfClosedTimeout: () => config().tunnel.halfClosedTimeout,
        drainTimeout: () => config().drain.timeout,
        log,
        metrics: this.#options.metrics,
        onMessage: (message, from) => {
          if (message.type === 'heartbeat-ack') live?.heartbeats.acknowledge(message);
          this.#options.onMessage(message, from);
        },
      });
      if (signal.aborted) {
        session.end(new TunnelError('AGENT_DRAINING'));
        throw signal.reason;
      }
      live = { slot: index, serial, heartbeats: this.#beat(session, welcome.heartbeatInterval) };
      this.#live.set(session, live);
      const { heartbeats } = live;
      void session.ended.then(() => {
        heartbeats.stop();
        this.#live.delete(session);
      });
      log('session-ready', { session: index, gateway: welcome.gateway.id, epoch: welcome.gateway.epoch });
      await keeper.carried(identity);
      return session;
    } catch (error) {
      if (error instanceof ProblemError) await keeper.refused(identity, error, signal);
      throw error;
    }
  }

  #beat(session: GatewaySession, interval: number): Heartbeats {
    return startHeartbeats({
      interval,
      clock: systemClock,
      facts: this.#options.heartbeatFacts,
      send: (heartbeat) => session.send(heartbeat),
      onAcknowledged: (reading) => this.#options.onAcknowledged(interval, reading),
    });
  }
}

const isSameGateway = (a: AgentConfig['gateway'], b: AgentConfig['gateway']) =>
  a.url === b.url && a.trust === b.trust && a.pins.join() === b.pins.join();
