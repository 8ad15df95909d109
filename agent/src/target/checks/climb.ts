import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectorKind, TargetTls } from '@penstock/config-schema';
import { type Clock, systemClock } from '@penstock/runtime';
import { type ProbeResult, reachOfCode, TunnelError } from '@penstock/wire';
import { connectTarget } from '../dial-target.ts';
import type { Address } from '../lookup.ts';
import { CheckFailure } from './check-failure.ts';
import { Conversation, farewell } from './conversation.ts';
import type { ProtocolCheck } from './protocol-check.ts';
import { protocolChecks, waysToAsk } from './protocols.ts';
import { Stages } from './stages.ts';
import { describeTls, tlsHandshake } from './tls-handshake.ts';

/** Where to, and by what rules. */
export type Climb = {
  readonly host: string;
  readonly port: number;
  readonly kind: ConnectorKind;
  /** How the connector speaks TLS with the target; undefined where clients do. */
  readonly tls?: TargetTls | undefined;
  /** Milliseconds for all of it. */
  readonly timeout: number;
  /** Decides before anything is asked of the network. Throws CheckFailure `denied`. */
  readonly allowHost: () => void;
  /** Of the resolved addresses those that may be dialed. Throws CheckFailure `denied` when none may. */
  readonly allowAddresses: (addresses: readonly Address[]) => readonly Address[];
  readonly resolve: (host: string, signal: AbortSignal) => Promise<readonly Address[]>;
  /** What worked the last time; tried first. */
  readonly way?: 'clear' | 'tls' | undefined;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
};

export type ClimbResult = ProbeResult & {
  /** How the target was spoken to. */
  readonly way?: 'clear' | 'tls';
};

/**
 * Climbs the ladder to a target: policy, name, connection, protocol, TLS. Comes back with how far it led; throws only
 * the signal's reason. What was opened is closed in good order.
 */
export async function climb(target: Climb): Promise<ClimbResult> {
  const { host, clock = systemClock } = target;
  const stages = new Stages(clock);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), target.timeout);
  const signal = AbortSignal.any([late.signal, target.signal]);
  const inTime = <Value>(work: () => Promise<Value>, what: string, reach: 'dns' | 'silent') =>
    asCheckFailure(work, () =>
      late.signal.aborted ? new CheckFailure(reach, `${what} within ${target.timeout} ms.`) : undefined,
    );
  try {
    await stages.take('policy', async () => ({ value: target.allowHost() }));
    const addresses = await stages.take('dns', () =>
      inTime(
        async () => {
          const found = await target.resolve(host, signal);
          if (found.length === 0) throw new CheckFailure('dns', `${host} has no address.`);
          const detail = found.map(({ address }) => address).join(', ');
          return { value: target.allowAddresses(found), detail };
        },
        `${host} was not resolved`,
        'dns',
      ),
    );
    return await ask(target, addresses, stages, signal, (work) =>
      inTime(work, `${host}:${target.port} did not answer`, 'silent'),
    );
  } catch (error) {
    return failedAs(stages)(error);
  } finally {
    clearTimeout(timer);
  }
}

type InTime = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** Asks in each way that fits the kind until one is answered. When none is, the likeliest says how far it led. */
async function ask(
  target: Climb,
  addresses: readonly Address[],
  stages: Stages,
  signal: AbortSignal,
  inTime: InTime,
): Promise<ClimbResult> {
  const { host, port, kind } = target;
  const check = protocolChecks[kind];
  if (check === undefined) {
    await farewell(await connectTo(target, addresses, stages, signal, inTime));
    return stages.result('ready');
  }
  const likely = waysToAsk(kind, port, target.tls);
  const ways = target.way === undefined ? likely : likely.toSorted((one) => (one === target.way ? -1 : 1));
  let first: ClimbResult | undefined;
  for (const way of ways) {
    const attempt = stages.fork();
    const socket = await connectTo(target, addresses, attempt, signal, inTime).catch(failedAs(attempt));
    if (!(socket instanceof Socket)) return first ?? socket;
    try {
      const stream = way === 'tls' ? await handshake(target, socket, attempt, signal, inTime) : socket;
      const conversation = new Conversation(stream, signal);
      const { startTls } = await talk(check, conversation, host, attempt, inTime);
      if (startTls === undefined) {
        await conversation.close();
        if (refusesClearText(target)) await attempt.take('tls', () => Promise.reject(noTls()));
      } else {
        conversation.release(startTls);
        await farewell(await handshake(target, socket, attempt, signal, inTime));
      }
      return { ...attempt.result('ready'), way };
    } catch (error) {
      const result = failedAs(attempt)(error);
      first ??= result;
      if (result.reach === 'certificate') return result;
      if (result.reach !== 'protocol' && result.reach !== 'tls') return first;
    } finally {
      socket.destroy();
    }
  }
  return first ?? stages.result('protocol');
}

function connectTo(
  { host, port }: Climb,
  addresses: readonly Address[],
  stages: Stages,
  signal: AbortSignal,
  inTime: InTime,
): Promise<Socket> {
  return stages.take('tcp', () =>
    inTime(async () => ({ value: await connectTarget(host, addresses, port, signal) })),
  );
}

function handshake(
  { host, kind, tls, clock = systemClock }: Climb,
  socket: Socket,
  stages: Stages,
  signal: AbortSignal,
  inTime: InTime,
): Promise<TLSSocket> {
  return stages.take('tls', () =>
    inTime(async () => {
      const value = await tlsHandshake(socket, { kind, host, tls }, signal);
      try {
        return { value, detail: describeTls(value, clock.wall()) };
      } catch (error) {
        await farewell(value);
        throw error;
      }
    }),
  );
}

function talk(
  check: ProtocolCheck,
  conversation: Conversation,
  host: string,
  stages: Stages,
  inTime: InTime,
): Promise<{ readonly startTls: number | undefined }> {
  return stages.take('protocol', () =>
    inTime(async () => {
      try {
        const { detail, startTls } = await check(conversation, host);
        return { value: { startTls }, detail };
      } catch (error) {
        await conversation.close();
        throw error;
      }
    }),
  );
}

/** PostgreSQL has said that it speaks no TLS, and its connector does not go on without. */
const refusesClearText = ({ kind, tls }: Climb) =>
  kind === 'postgresql' && (tls?.mode === 'require' || tls?.mode === 'verify-full');

const noTls = () => new CheckFailure('tls', 'The target speaks no TLS, and the connector asks for it.');

/** The result of a climb that ended in a CheckFailure; whatever else was thrown is thrown again. */
const failedAs =
  (stages: Stages) =>
  (error: unknown): ClimbResult => {
    if (error instanceof CheckFailure) return stages.result(error.reach);
    throw error;
  };

/** Does `work`, and turns its failure, or the passing of its time, into a CheckFailure where it is one. */
async function asCheckFailure<Value>(
  work: () => Promise<Value>,
  late: () => CheckFailure | undefined,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    const lateness = late();
    if (lateness !== undefined) throw lateness;
    const rung = error instanceof TunnelError ? reachOfCode(error.code) : undefined;
    if (error instanceof TunnelError && rung !== undefined) {
      throw new CheckFailure(rung, error.message, { cause: error });
    }
    throw error;
  }
}
