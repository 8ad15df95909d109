import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { DataPlaneLog } from '../observe/event.ts';
import { AttemptBudget } from './attempt-budget.ts';
import type { DialRecord } from './dial-history.ts';
import { DialProgress, failureOf, recordOf } from './dial-progress.ts';
import { type Attempt, hedgedOpen } from './hedged-open.ts';
import type { PendingQueue } from './pending-queue.ts';
import type { Route } from './route-table.ts';
import { type SelectionPorts, selectOther, selectSession } from './select-session.ts';
import type { OpenOptions, RoutableSession, TargetStream } from './session-contract.ts';
import { withUnavailable } from './unavailable-agents.ts';

export type DialPorts = SelectionPorts & {
  readonly queue: Pick<PendingQueue, 'wait'>;
  readonly limits: () => {
    readonly attemptTimeout: number;
    readonly totalTimeout: number;
    readonly maxAttempts: number;
  };
  readonly log: DataPlaneLog;
  /** Called when a dial has finished; it must neither throw nor wait. */
  readonly onDialed?: (record: DialRecord) => void;
};

/** What a client needs beyond the route of its connection. */
export type DialOptions = OpenOptions & {
  /** Id of the only agent that will do. The dial does not wait for it. */
  readonly onlyAgent?: string;
  /** The client speaks first, and chose its connection by that. Targets that speak first are refused. */
  readonly clientSpeaksFirst?: boolean | undefined;
  /** The client's entry in the connection log. */
  readonly entry?: DialRecord['entry'];
  /** Called when the dial has finished; it must neither throw nor wait. */
  readonly onDialed?: (record: DialRecord) => void;
};

export type Dialed = {
  readonly target: TargetStream;
  readonly agentId: string;
  /** Names the process of the agent. */
  readonly bootId: string;
  readonly agent: string;
  readonly pool: string;
  readonly connector: string;
  /** By way of which the agent was reached; undefined: it is connected to this gateway. */
  readonly replica?: string | undefined;
  readonly attempts: number;
};

/** Failures that say nothing about the target. When no agent is left, the dial waits for one in the queue. */
const WORTH_WAITING: ReadonlySet<CloseCode> = new Set(['SESSION_LOST', 'AGENT_DRAINING', 'CONFIG_DRIFT']);

/**
 * Finds an agent that connects the client to its target: pool by pool, the least loaded session first, another agent
 * when an open fails, the queue when no agent is available. No byte of the client leaves the gateway before this
 * resolves, so a failover loses nothing. Rejects with TunnelError carrying the code of the last failure.
 */
export async function dial(
  route: Route,
  client: string,
  signal: AbortSignal,
  ports: DialPorts,
  options: DialOptions = {},
): Promise<Dialed> {
  const startedAt = ports.clock.now();
  const progress = new DialProgress(options.onlyAgent);
  let failure: unknown;
  try {
    return await findAgent(route, client, signal, ports, options, progress);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    const milliseconds = ports.clock.now() - startedAt;
    const { address, entry, onDialed } = options;
    const record = recordOf(progress, { route, address, client, entry, failure, milliseconds }, ports);
    onDialed?.(record);
    ports.onDialed?.(record);
  }
}

async function findAgent(
  route: Route,
  client: string,
  signal: AbortSignal,
  ports: DialPorts,
  { clientSpeaksFirst, clientPort, address, secure, carry }: DialOptions,
  progress: DialProgress,
): Promise<Dialed> {
  const { attemptTimeout, totalTimeout, maxAttempts } = ports.limits();
  const { clock, ejection, log } = ports;
  const { onlyAgent } = progress;
  const deadline = clock.now() + totalTimeout;
  const attempts = new AttemptBudget(maxAttempts);
  let failure: TunnelError | undefined;
  while (!attempts.isSpent) {
    const remaining = deadline - clock.now();
    if (remaining <= 0) break;
    const session = selectSession(route, address, progress, ports);
    if (session === undefined) {
      // Every available agent has been tried, and waiting would not change the result.
      if (failure !== undefined && !WORTH_WAITING.has(failure.code)) break;
      if (onlyAgent !== undefined) throw failure ?? new TunnelError('NO_AGENT');
      const waitingSince = clock.now();
      try {
        await waitForAgent(route, address, failure, { remaining, waited: progress.waited }, signal, ports);
      } finally {
        progress.waited += clock.now() - waitingSince;
      }
      progress.startAnew();
      continue;
    }
    if (clientSpeaksFirst === true) requireSilentTarget(route, session);
    const attempt = attempts.start();
    const { name: agent, pool } = session.identity;
    if (failure !== undefined) {
      const { code, message: detail } = failure;
      log('connection-retried', { connection: route.name, client, agent, pool, attempt, code, detail });
    }
    const attemptOn = (chosen: RoutableSession): Attempt => ({
      session: chosen,
      openedAt: clock.now(),
      open: (attemptSignal, onSilent) =>
        chosen.open({
          clientPort,
          address,
          secure,
          carry,
          connector: route.connector,
          connection: route.name,
          client,
          timeout: Math.ceil(Math.min(attemptTimeout, deadline - clock.now())),
          signal: attemptSignal,
          onSilent,
        }),
    });
    const asked = new Set([session]);
    const outcome = await hedgedOpen(
      attemptOn(session),
      () => {
        const other =
          !attempts.isSpent && clock.now() < deadline
            ? selectOther(route, address, asked, progress, ports)
            : undefined;
        if (other === undefined) return undefined;
        asked.add(other);
        const { name, pool: otherPool } = other.identity;
        log('connection-retried', {
          connection: route.name,
          client,
          agent: name,
          pool: otherPool,
          attempt: attempts.start(),
          code: 'AGENT_TIMEOUT',
          detail: `Agent ${agent} is silent.`,
        });
        return attemptOn(other);
      },
      signal,
    );
    for (const { attempt: each, error } of outcome.failed) {
      const { replica, identity } = each.session;
      const { name, pool: itsPool } = identity;
      const milliseconds = clock.now() - each.openedAt;
      progress.tries.push({
        agent: name,
        pool: itsPool,
        replica,
        milliseconds,
        failure: failureOf(error),
      });
    }
    if (outcome.won !== undefined) {
      const { identity, bootId, replica } = outcome.won.session;
      ejection.succeeded(route.connector, identity.agentId);
      const milliseconds = clock.now() - outcome.won.openedAt;
      const { name, pool } = identity;
      progress.tries.push({ agent: name, pool, replica, milliseconds, failure: undefined });
      return {
        target: outcome.target,
        agentId: identity.agentId,
        bootId,
        agent: identity.name,
        pool: identity.pool,
        connector: route.connector,
        replica,
        attempts: attempts.started,
      };
    }
    for (const { attempt: each, error } of outcome.failed.toReversed()) {
      failure =
        error instanceof TunnelError
          ? error
          : new TunnelError('INTERNAL', errorText(error), { cause: error });
      recordFailure(route, each.session, failure, ports);
      attempts.failed(each.session, failure.code);
      progress.failed(each.session, failure.code);
    }
    if (failure?.retry === 'never') break;
  }
  throw (
    failure ?? new TunnelError('DIAL_TIMEOUT', `${route.name} was not connected within ${totalTimeout} ms.`)
  );
}

/** A MySQL server speaks first, so it and the client would wait for each other. Throws TunnelError CLIENT_DENIED. */
function requireSilentTarget({ name, connector }: Route, session: RoutableSession): void {
  if (session.connector(connector)?.kind !== 'mysql') return;
  throw new TunnelError(
    'CLIENT_DENIED',
    `${name} leads to a MySQL server (according to agent ${session.identity.name}), which speaks first and cannot be ` +
      'reached through SNI. Use an ingress of kind tcp, socks5 or httpConnect.',
  );
}

async function waitForAgent(
  route: Route,
  address: string | undefined,
  failure: TunnelError | undefined,
  time: { readonly remaining: number; readonly waited: number },
  signal: AbortSignal,
  { queue, sessionsOf }: DialPorts,
): Promise<void> {
  const [preferred = ''] = route.pools;
  try {
    await queue.wait(preferred, time, signal);
  } catch (error) {
    if (signal.aborted || isQueueFull(error)) throw error;
    // The failure before the wait is more informative than the timeout of the queue.
    if (failure !== undefined) throw failure;
    throw unknownConnector(route, address, sessionsOf) ?? withUnavailable(error, route, sessionsOf);
  }
}

const isQueueFull = (error: unknown) => error instanceof TunnelError && error.code === 'QUEUE_FULL';

/** The error when agents are available but none offers what the client wants; otherwise undefined. */
function unknownConnector(
  { connector, pools }: Route,
  address: string | undefined,
  sessionsOf: DialPorts['sessionsOf'],
): TunnelError | undefined {
  const available = pools.flatMap((pool) => [...sessionsOf(pool)]).filter((session) => session.acceptsOpens);
  if (available.length === 0) return undefined;
  const where = pools.join(' or ');
  if (!available.some((session) => session.offers(connector))) {
    return new TunnelError(
      'UNKNOWN_CONNECTOR',
      `No available agent of ${where} has a connector ${connector}.`,
    );
  }
  if (available.some((session) => session.offers(connector, address))) return undefined;
  return new TunnelError(
    'UNKNOWN_CONNECTOR',
    `No available agent of ${where} lists ${address} among the addresses of ${connector}.`,
  );
}

function recordFailure(route: Route, session: RoutableSession, failure: TunnelError, ports: DialPorts): void {
  const { agentId, name: agent, pool } = session.identity;
  const agents = new Set<string>();
  for (const each of ports.sessionsOf(pool)) agents.add(each.identity.agentId);
  if (ports.ejection.failed(route.connector, agentId, failure.code, [...agents])) {
    ports.log('agent-ejected', { agent, pool, connector: route.connector, code: failure.code });
  }
}
