import type { AgentConfig } from '@penstock/config-schema';
import { type Clock, pause } from '@penstock/runtime';
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
import type { CarriedConnections } from './carried-connections.ts';
import { dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { establishSession } from './establish-session.ts';
import type { LiveSessions } from './live-sessions.ts';
import type { LostSessions } from './lost-sessions.ts';
import type { Environment } from './proxy.ts';
import type { ReplicaSpread } from './replica-spread.ts';
import type { GatewaySession } from './session.ts';

export type ConnectOptions = {
  readonly config: () => AgentConfig;
  readonly gateway: () => GatewayTarget;
  readonly environment: Environment;
  readonly keeper: Pick<IdentityKeeper, 'candidate' | 'confirm' | 'handleRejection'>;
  readonly targets: Pick<Targets, 'dial'>;
  readonly windows: WindowBudget;
  readonly log: AgentLog;
  readonly metrics: AgentMetrics;
  /** Dates the heartbeats, and decides when a session is old. */
  readonly clock: Clock;
  /** Why this agent accepts no opens, or undefined if it does. */
  readonly refusal: () => TunnelError | undefined;
  readonly carried: CarriedConnections;
  readonly lost: LostSessions;
  readonly spread: ReplicaSpread;
  /** Connections of a session wait for each other. Called about once a second while they do. */
  readonly onCongested: () => void;
  readonly hello: (index: number) => AgentMessageOf<'hello'>;
  readonly heartbeatFields: () => Omit<AgentMessageOf<'heartbeat'>, 'type' | 'seq' | 'sentAt' | 'clock'>;
  readonly onAcknowledged: (interval: number, reading: ClockReading | undefined) => void;
  readonly onMessage: (message: GatewayMessage, session: GatewaySession) => void;
};

/** Credentials that may be refused before the loop waits: renewed ones, the current ones, newly enrolled ones. */
const MAX_CREDENTIALS = 3;

/** Attempts to reach another replica than the other sessions have, and milliseconds between them. */
const MAX_SPREAD_ATTEMPTS = 3;
const SPREAD_DELAY_MS = 250;

/** Milliseconds after which a session behind a load balancer is replaced, so that new replicas get their share: 12 h ± 10 %. */
const rotationDelay = (random: number) => 12 * 3_600_000 * (0.9 + 0.2 * random);

/** The load balancer has led to a replica that another session has. */
class SharedReplica extends Error {
  override readonly name = 'SharedReplica';
}

/**
 * Makes one session, with renewed credentials if there are any. Resolves when the gateway has welcomed it. If the gateway
 * refuses the certificate and other credentials are available, those are tried immediately. Throws ProblemError,
 * SessionRefused, TunnelError, GatewayError, or the signal's reason.
 */
export async function connectSession(
  index: number,
  live: LiveSessions,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<GatewaySession> {
  const { keeper, clock } = options;
  let spreads = 0;
  for (let attempt = 1; ; attempt += 1) {
    const credentials = keeper.candidate;
    if (credentials === undefined) throw new ProblemError('IDENTITY_REQUIRED');
    try {
      const session = await connectWith(
        credentials,
        index,
        live,
        options,
        signal,
        spreads < MAX_SPREAD_ATTEMPTS,
      );
      await keeper.confirm(credentials);
      return session;
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof SharedReplica) {
        spreads += 1;
        attempt -= 1;
        await pause(clock, SPREAD_DELAY_MS * (0.5 + clock.random()), signal);
        if (signal.aborted) throw signal.reason;
        continue;
      }
      // Nothing ends for an additional session.
      const isNeeded = index < options.config().gateway.sessions;
      if (errorCode(error) === 'LIMIT_EXCEEDED' && isNeeded) live.makeRoom();
      if (!isCertificateRejection(error) || attempt === MAX_CREDENTIALS) throw error;
      const hasOther = await keeper.handleRejection(credentials);
      if (signal.aborted) throw signal.reason;
      if (!hasOther) throw error;
    }
  }
}

async function connectWith(
  credentials: AgentCredentials,
  index: number,
  live: LiveSessions,
  options: ConnectOptions,
  signal: AbortSignal,
  mayTryAnother: boolean,
): Promise<GatewaySession> {
  const { gateway, environment, config, spread, clock, log, targets, windows, metrics } = options;
  log('session-connecting', { session: index, gateway: gateway().url });
  const socket = await dialGateway(gateway(), {
    environment,
    signal,
    identity: { key: credentials.key.reveal(), certificate: credentials.certificate },
  });
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  let heartbeats: Heartbeats | undefined;
  let announcedDigest: string | undefined;
  let reported: readonly string[] = [];
  try {
    const { session, welcome } = await establishSession(socket, {
      url: gateway().url,
      hello: () => {
        const hello = options.hello(index);
        announcedDigest = hello.config.digest;
        reported = options.lost.ids;
        return { ...hello, ...(reported.length > 0 && { lost: [...reported] }) };
      },
      targets,
      windows,
      ping: { interval: config().tunnel.pingInterval, timeout: config().tunnel.pingTimeout },
      refusal: options.refusal,
      carried: options.carried,
      keepFor: () => config().policy.resume,
      halfClosedTimeout: () => config().tunnel.halfClosedTimeout,
      log,
      metrics,
      onCongested: options.onCongested,
      onMessage: (message, from) => {
        if (message.type === 'heartbeat-ack') {
          heartbeats?.acknowledge(message);
          if (message.replicas !== undefined) spread.countIs(message.replicas);
        }
        options.onMessage(message, from);
      },
    });
    if (signal.aborted) {
      session.end(new TunnelError('AGENT_DRAINING'));
      throw signal.reason;
    }
    options.lost.reported(reported);
    const { epoch } = welcome.gateway;
    if (welcome.replica !== undefined) spread.countIs(welcome.replica.count);
    const before = live.mayStay(index);
    const isShared =
      welcome.replica !== undefined && (before?.epoch === epoch || spread.isShared(index, epoch));
    if (isShared && mayTryAnother) {
      session.leave('Another session of this agent leads to the same replica.');
      throw new SharedReplica();
    }
    if (isShared && before !== undefined) {
      session.leave('The session that it would replace is as good.');
      before.session.stay();
      log('session-kept', { session: index, replica: welcome.replica?.name });
      return before.session;
    }
    if (welcome.session !== undefined) options.lost.watch(welcome.session, session.ended);
    // No other process of the gateway could go on with the connections of one that has ended.
    if (welcome.sole === true) options.carried.endOthers(welcome.gateway.epoch, 'SESSION_LOST');
    live.add(session, { index, epoch, serial: credentials.serial });
    if (isShared) spread.stayed();
    if (welcome.replica !== undefined) {
      const rotate = () => session.requestSuccessor('it is old');
      void session.ended.then(clock.after(rotationDelay(clock.random()), rotate));
    }
    // A reload after the hello has announced the new configuration to live sessions only.
    const { config: announced, connectors, policy } = options.hello(index);
    if (announced.digest !== announcedDigest) {
      session.send({ type: 'config', config: announced, connectors, ...(policy && { policy }) });
    }
    heartbeats = startHeartbeats({
      interval: welcome.heartbeatInterval,
      clock: options.clock,
      fields: options.heartbeatFields,
      send: (heartbeat) => session.send(heartbeat),
      onAcknowledged: (reading) => options.onAcknowledged(welcome.heartbeatInterval, reading),
      onFailed: (error) => log('sample-failed', { detail: errorText(error) }),
    });
    void session.ended.then(heartbeats.stop);
    log('session-ready', {
      session: index,
      gateway: welcome.gateway.id,
      epoch,
      replica: welcome.replica?.name,
    });
    return session;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
