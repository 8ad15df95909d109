import type { AgentConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { WindowBudget } from '@penstock/transport';
import {
  type AgentMessageOf,
  errorCode,
  errorText,
  type GatewayMessage,
  ProblemError,
  TunnelError,
} from '@penstock/wire';
import { type ClockReading, type Heartbeats, startHeartbeats } from '../health/heartbeat.ts';
import type { AgentCredentials } from '../identity/agent-credentials.ts';
import { isCertificateRejection } from '../identity/certificate-rejection.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { AgentLog } from '../observe/event.ts';
import type { AgentMetrics } from '../observe/metrics.ts';
import type { Targets } from '../target/targets.ts';
import { dialGateway, type GatewayTarget } from './dial-gateway.ts';
import type { LiveSessions } from './live-sessions.ts';
import type { Environment } from './proxy.ts';
import { GatewaySession } from './session.ts';

export type ConnectOptions = {
  readonly config: () => AgentConfig;
  readonly gateway: () => GatewayTarget;
  readonly environment: Environment;
  readonly keeper: Pick<IdentityKeeper, 'candidate' | 'confirm' | 'handleRejection'>;
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  /** The time of day that heartbeats tell. */
  readonly clock: Clock;
  readonly refusal: () => TunnelError | undefined;
  readonly hello: (index: number) => AgentMessageOf<'hello'>;
  readonly heartbeatFacts: () => Omit<AgentMessageOf<'heartbeat'>, 'type' | 'seq' | 'sentAt' | 'clock'>;
  readonly onAcknowledged: (interval: number, reading: ClockReading | undefined) => void;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

/** Identities that may be refused before the loop waits: the renewed one, the current one, one enrolled anew. */
const MOST_IDENTITIES = 3;

/**
 * Makes one session, with the renewed identity if there is one, and comes back when the gateway has welcomed it. When
 * the gateway refuses an identity and another is at hand, that one is tried at once. Throws ProblemError,
 * SessionRefused, TunnelError, GatewayError, or the signal's reason.
 */
export async function connectSession(
  slot: number,
  live: LiveSessions,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<GatewaySession> {
  const { keeper } = options;
  for (let tries = 1; ; tries += 1) {
    const identity = keeper.candidate;
    if (identity === undefined) throw new ProblemError('IDENTITY_REQUIRED');
    try {
      const session = await connectWith(identity, slot, live, options, signal);
      await keeper.confirm(identity);
      return session;
    } catch (error) {
      if (signal.aborted) throw error;
      if (errorCode(error) === 'LIMIT_EXCEEDED') live.makeRoom();
      if (!isCertificateRejection(error) || tries === MOST_IDENTITIES) throw error;
      const hasAnother = await keeper.handleRejection(identity);
      if (signal.aborted) throw signal.reason;
      if (!hasAnother) throw error;
    }
  }
}

async function connectWith(
  identity: AgentCredentials,
  slot: number,
  live: LiveSessions,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<GatewaySession> {
  const { gateway, environment, config, log, targets, windows, metrics } = options;
  log('session-connecting', { session: slot, gateway: gateway().url });
  const socket = await dialGateway(gateway(), {
    environment,
    signal,
    identity: { key: identity.key.reveal(), certificate: identity.certificate },
  });
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  let heartbeats: Heartbeats | undefined;
  let told: string | undefined;
  try {
    const { session, welcome } = await GatewaySession.establish(socket, {
      url: gateway().url,
      hello: () => {
        const hello = options.hello(slot);
        told = hello.config.digest;
        return hello;
      },
      targets,
      windows,
      ping: { interval: config().tunnel.pingInterval, timeout: config().tunnel.pingTimeout },
      refusal: options.refusal,
      halfClosedTimeout: () => config().tunnel.halfClosedTimeout,
      log,
      metrics,
      onMessage: (message, from) => {
        if (message.type === 'heartbeat-ack') heartbeats?.acknowledge(message);
        options.onMessage(message, from);
      },
    });
    if (signal.aborted) {
      session.end(new TunnelError('AGENT_DRAINING'));
      throw signal.reason;
    }
    live.add(session, { slot, serial: identity.serial });
    // A change between hello and now was announced to live sessions only.
    const { config: stamp, connectors } = options.hello(slot);
    if (stamp.digest !== told) session.send({ type: 'config', config: stamp, connectors });
    heartbeats = startHeartbeats({
      interval: welcome.heartbeatInterval,
      clock: options.clock,
      facts: options.heartbeatFacts,
      send: (heartbeat) => session.send(heartbeat),
      onAcknowledged: (reading) => options.onAcknowledged(welcome.heartbeatInterval, reading),
      onFailed: (error) => log('sample-failed', { detail: errorText(error) }),
    });
    void session.ended.then(heartbeats.stop);
    log('session-ready', { session: slot, gateway: welcome.gateway.id, epoch: welcome.gateway.epoch });
    return session;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
