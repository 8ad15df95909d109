import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ConnectorKind, formatHostPort, type TargetTls } from '@penstock/config-schema';
import { type Clock, systemClock } from '@penstock/runtime';
import { type ProbeResult, type ProbeStage, reachOfCode, TunnelError } from '@penstock/wire';
import { closeGracefully } from '../close-gracefully.ts';
import { connectTarget } from '../dial-target.ts';
import type { Address } from '../lookup.ts';
import { CheckFailure } from './check-failure.ts';
import type { ProtocolAnswer, ProtocolCheck } from './protocol-check.ts';
import { ProtocolExchange } from './protocol-exchange.ts';
import { type Encryption, encryptionsToTry, protocolChecks } from './protocols.ts';
import { Stages } from './stages.ts';
import { describeTls, tlsHandshake } from './tls-handshake.ts';

/** A target and the rules for reaching it. */
export type ReachOptions = {
  readonly host: string;
  readonly port: number;
  readonly kind: ConnectorKind;
  /** How the connector uses TLS with the target; undefined where clients do. */
  readonly tls?: TargetTls | undefined;
  /** Milliseconds in total. */
  readonly timeout: number;
  /** Called before any network access. Throws CheckFailure `denied`. */
  readonly allowHost: () => void;
  /** Returns the resolved addresses that may be dialed. Throws CheckFailure `denied` when there are none. */
  readonly allowAddresses: (addresses: readonly Address[]) => readonly Address[];
  readonly resolve: (host: string, signal: AbortSignal) => Promise<readonly Address[]>;
  /** What succeeded the last time, tried first. */
  readonly lastEncryption?: Encryption | undefined;
  readonly signal: AbortSignal;
  /** Called with each stage as it finishes. */
  readonly onStage?: ((stage: ProbeStage) => void) | undefined;
  readonly clock?: Clock;
};

export type ReachResult = ProbeResult & {
  /** Whether the target was queried over TLS. */
  readonly encryption?: Encryption;
};

type InTime = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** One attempt to reach a target. */
type Attempt = {
  readonly target: ReachOptions;
  readonly stages: Stages;
  readonly signal: AbortSignal;
  readonly connectInTime: InTime;
  /** For what follows on an established connection. */
  readonly answerInTime: InTime;
};

/**
 * Tries to reach a target: policy, name, connection, protocol, TLS. Resolves with how far the path leads, and throws only the
 * signal's reason. Every connection is closed gracefully.
 */
export async function reachTarget(target: ReachOptions): Promise<ReachResult> {
  const { host, port, clock = systemClock } = target;
  const stages = new Stages(clock, target.onStage);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), target.timeout);
  const signal = AbortSignal.any([timeout.signal, target.signal]);
  const withTimeout = (reach: 'dns' | 'silent', what: string): InTime => {
    const timeoutFailure = () =>
      timeout.signal.aborted ? new CheckFailure(reach, `${what} within ${target.timeout} ms.`) : undefined;
    return (work) => asCheckFailure(work, timeoutFailure);
  };
  try {
    await stages.run('policy', async () => ({ value: target.allowHost() }));
    const addresses = await stages.run('dns', () =>
      withTimeout(
        'dns',
        `${host} was not resolved`,
      )(async () => {
        const found = await target.resolve(host, signal);
        if (found.length === 0) throw new CheckFailure('dns', `${host} has no address.`);
        const detail = found.map(({ address }) => address).join(', ');
        return { value: target.allowAddresses(found), detail };
      }),
    );
    const place = formatHostPort({ host, port });
    const connectInTime = withTimeout('silent', `${place} did not answer`);
    const answerInTime = withTimeout('silent', `${place} accepted the connection, but did not answer`);
    return await queryTarget({ target, stages, signal, connectInTime, answerInTime }, addresses);
  } catch (error) {
    return resultOfFailure(stages)(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries each encryption that fits the kind until the target answers. If none succeeds, the likeliest one's result counts. */
async function queryTarget(attempt: Attempt, addresses: readonly Address[]): Promise<ReachResult> {
  const { target, stages, signal } = attempt;
  const { host, port, kind, tls, lastEncryption } = target;
  const check = protocolChecks[kind];
  if (check === undefined) {
    await closeGracefully(await connect(attempt, addresses));
    return stages.result('ready');
  }
  let first: ReachResult | undefined;
  for (const encryption of encryptionsToTry(kind, port, tls, lastEncryption)) {
    const fork: Attempt = { ...attempt, stages: stages.fork() };
    const socket = await connect(fork, addresses).catch(resultOfFailure(fork.stages));
    if (!(socket instanceof Socket)) return first ?? socket;
    try {
      const stream = encryption === 'tls' ? await handshake(fork, socket) : socket;
      const exchange = new ProtocolExchange(stream, signal);
      const { startTlsAfterBytes, insideTls } = await query(fork, check, exchange, host);
      if (startTlsAfterBytes === undefined) {
        await exchange.close();
        if (requiresTls(target)) await fork.stages.run('tls', () => Promise.reject(noTls()));
      } else {
        exchange.release(startTlsAfterBytes);
        await closeGracefully(await handshake(fork, socket, insideTls));
      }
      return { ...fork.stages.result('ready'), encryption };
    } catch (error) {
      const result = resultOfFailure(fork.stages)(error);
      first ??= result;
      if (result.reach === 'certificate') return result;
      if (result.reach !== 'protocol' && result.reach !== 'tls') return first;
    } finally {
      socket.destroy();
    }
  }
  return first ?? stages.result('protocol');
}

function connect(
  { target: { host, port }, stages, signal, connectInTime }: Attempt,
  addresses: readonly Address[],
): Promise<Socket> {
  return stages.run('tcp', () =>
    connectInTime(async () => ({ value: await connectTarget(host, addresses, port, signal) })),
  );
}

function handshake(
  { target, stages, signal, answerInTime }: Attempt,
  socket: Socket,
  insideTls?: ProtocolAnswer['insideTls'],
): Promise<TLSSocket> {
  const { host, kind, tls, clock = systemClock } = target;
  return stages.run('tls', () =>
    answerInTime(async () => {
      const value = await tlsHandshake(socket, { kind, host, tls }, signal);
      try {
        if (insideTls !== undefined) await completeInside(value, insideTls, signal);
        return { value, detail: describeTls(value, clock.wall()) };
      } catch (error) {
        await closeGracefully(value);
        throw error;
      }
    }),
  );
}

/** Completes the protocol inside of TLS; the stream then belongs to the caller again. */
async function completeInside(
  tls: TLSSocket,
  insideTls: NonNullable<ProtocolAnswer['insideTls']>,
  signal: AbortSignal,
): Promise<void> {
  const exchange = new ProtocolExchange(tls, signal);
  try {
    await insideTls(exchange);
  } finally {
    exchange.release(Number.POSITIVE_INFINITY);
  }
}

function query(
  { stages, answerInTime }: Attempt,
  check: ProtocolCheck,
  exchange: ProtocolExchange,
  host: string,
): Promise<Pick<ProtocolAnswer, 'startTlsAfterBytes' | 'insideTls'>> {
  return stages.run('protocol', () =>
    answerInTime(async () => {
      try {
        const { detail, ...value } = await check(exchange, host);
        return { value, detail };
      } catch (error) {
        await exchange.close();
        throw error;
      }
    }),
  );
}

/** Whether the connector rejects a PostgreSQL server without TLS. */
const requiresTls = ({ kind, tls }: ReachOptions) =>
  kind === 'postgresql' && (tls?.mode === 'require' || tls?.mode === 'verify-full');

const noTls = () => new CheckFailure('tls', 'The target does not support TLS, which the connector requires.');

/** The result of an attempt that ended with a CheckFailure. Rethrows every other error. */
const resultOfFailure =
  (stages: Stages) =>
  (error: unknown): ReachResult => {
    if (error instanceof CheckFailure) return stages.result(error.reach);
    throw error;
  };

/** Runs `work` and converts a timeout or a TunnelError whose code determines a stage into a CheckFailure. */
async function asCheckFailure<Value>(
  work: () => Promise<Value>,
  timeoutFailure: () => CheckFailure | undefined,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    const failure = timeoutFailure();
    if (failure !== undefined) throw failure;
    const reach = error instanceof TunnelError ? reachOfCode(error.code) : undefined;
    if (error instanceof TunnelError && reach !== undefined) {
      throw new CheckFailure(reach, error.message, { cause: error });
    }
    throw error;
  }
}
