import type { ServerHttp2Stream } from 'node:http2';
import type { Clock } from '@penstock/runtime';
import { type CloseCode, errorText, TunnelError } from '@penstock/wire';
import type { DataPlaneLog } from '../observe/event.ts';
import type { OpenRequest, OpenWishes } from '../tunnel/data-streams.ts';
import { chooseSession } from './choose-session.ts';
import { type DialExperience, failureOf, recordOf } from './dial-experience.ts';
import type { DialRecord } from './dial-history.ts';
import type { Ejection } from './ejection.ts';
import type { WeighedSession } from './passed-over.ts';
import type { PendingQueue } from './pending-queue.ts';
import type { Route } from './route-table.ts';

/** What dialing needs to know and do with a session. */
export type DialSession = WeighedSession & {
  readonly identity: { readonly agentId: string; readonly name: string; readonly pool: string };
  /** What its agent says of a connector. */
  connector(name: string): { readonly kind: string } | undefined;
  open(request: OpenRequest): Promise<ServerHttp2Stream>;
};

export type DialPorts = {
  readonly sessionsOf: (pool: string) => Iterable<DialSession>;
  readonly queue: Pick<PendingQueue, 'wait'>;
  readonly ejection: Ejection;
  /** Whether the agent's own check of a connector failed the last time. Asked for each open: it must not wait. */
  readonly checkFails: (connector: string, agentId: string) => boolean;
  readonly limits: () => {
    readonly attemptTimeout: number;
    readonly totalTimeout: number;
    readonly attempts: number;
  };
  readonly log: DataPlaneLog;
  readonly clock: Clock;
  /** Told of each dial when it has ended; it must neither throw nor wait. */
  readonly onDialed?: (record: DialRecord) => void;
};

/** What one client wants beyond the route of its connection. */
export type DialWishes = OpenWishes & {
  /** No other agent will do, and it is not waited for. */
  readonly onlyAgent?: string;
  /** The client begins, and has named its connection by that: no target that waits to be heard first will do. */
  readonly clientSpeaksFirst?: boolean;
};

export type Dialed = {
  /** Not yet answered; the caller owns it. */
  readonly stream: ServerHttp2Stream;
  readonly agentId: string;
  readonly agent: string;
  readonly pool: string;
  readonly attempts: number;
};

/** Failures that say nothing of the target: when no other agent is there, one that comes may still do it. */
const WORTH_WAITING: ReadonlySet<CloseCode> = new Set(['SESSION_LOST', 'AGENT_DRAINING', 'CONFIG_DRIFT']);

/** Failures of one session, which say nothing of its agent: an open can cross the word that its session retires. */
const OF_THE_SESSION: ReadonlySet<CloseCode> = new Set(['SESSION_LOST', 'AGENT_DRAINING']);

/**
 * Finds an agent that connects the client to its target: pool after pool, the least loaded session first, another
 * agent when an open fails, the queue when none is there. No byte of the client has left before this comes back,
 * so a failover loses nothing. Throws TunnelError with the code of the last failure.
 */
export async function dial(
  route: Route,
  client: string,
  signal: AbortSignal,
  ports: DialPorts,
  { onlyAgent, ...wishes }: DialWishes = {},
): Promise<Dialed> {
  const started = ports.clock.now();
  const known: DialExperience = { onlyAgent, tried: new Set(), lost: new Set(), tries: [], waited: 0 };
  let failure: unknown;
  try {
    return await findAgent(route, client, signal, ports, wishes, known);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    const milliseconds = ports.clock.now() - started;
    ports.onDialed?.(
      recordOf(known, { route, address: wishes.address, client, failure, milliseconds }, ports),
    );
  }
}

async function findAgent(
  route: Route,
  client: string,
  signal: AbortSignal,
  ports: DialPorts,
  { clientSpeaksFirst, ...wishes }: Omit<DialWishes, 'onlyAgent'>,
  known: DialExperience,
): Promise<Dialed> {
  const { attemptTimeout, totalTimeout, attempts } = ports.limits();
  const { clock, ejection, log } = ports;
  const { onlyAgent } = known;
  const deadline = clock.now() + totalTimeout;
  let attempt = 0;
  let failure: TunnelError | undefined;
  while (attempt < attempts) {
    const left = deadline - clock.now();
    if (left <= 0) break;
    const session = pick(route, wishes.address, known, ports);
    if (session === undefined) {
      // Every agent that is there had its try and cannot: waiting would not change that.
      if (failure !== undefined && !WORTH_WAITING.has(failure.code)) break;
      if (onlyAgent !== undefined) throw failure ?? new TunnelError('NO_AGENT');
      const since = clock.now();
      try {
        await waitForAgent(
          route,
          wishes.address,
          failure,
          { patience: left, waited: known.waited },
          signal,
          ports,
        );
      } finally {
        known.waited += clock.now() - since;
      }
      known.tried.clear();
      continue;
    }
    if (clientSpeaksFirst === true) checkWhoSpeaksFirst(route, session);
    attempt += 1;
    const { agentId, name: agent, pool } = session.identity;
    if (failure !== undefined) {
      const { code, message: detail } = failure;
      log('connection-retried', { connection: route.name, client, agent, pool, attempt, code, detail });
    }
    const asked = clock.now();
    try {
      const stream = await session.open({
        ...wishes,
        connector: route.connector,
        connection: route.name,
        client,
        timeout: Math.ceil(Math.min(attemptTimeout, left)),
        signal,
      });
      ejection.succeeded(route.connector, agentId);
      known.tries.push({ agent, pool, milliseconds: clock.now() - asked, failure: undefined });
      return { stream, agentId, agent, pool, attempts: attempt };
    } catch (error) {
      if (signal.aborted) throw error;
      failure =
        error instanceof TunnelError
          ? error
          : new TunnelError('INTERNAL', errorText(error), { cause: error });
      known.tries.push({ agent, pool, milliseconds: clock.now() - asked, failure: failureOf(failure) });
      judge(route, session, failure, ports);
      if (failure.retry === 'never') break;
      (OF_THE_SESSION.has(failure.code) ? known.lost : known.tried).add(agentId);
    }
  }
  throw (
    failure ?? new TunnelError('DIAL_TIMEOUT', `${route.name} was not connected within ${totalTimeout} ms.`)
  );
}

/** A MySQL server speaks first, and both ends would wait for each other. Throws TunnelError CLIENT_DENIED. */
function checkWhoSpeaksFirst({ name, connector }: Route, session: DialSession): void {
  if (session.connector(connector)?.kind !== 'mysql') return;
  throw new TunnelError(
    'CLIENT_DENIED',
    `${name} leads to a MySQL server, says agent ${session.identity.name}. It speaks first, so no client can come by SNI: ` +
      'use tcp, socks5 or httpConnect.',
  );
}

/**
 * In the order of preference: an agent that is well, one whose own check of the connector fails, one whose opens keep
 * failing, one that lost a session. A check can be wrong about what clients find, so it only says who goes first.
 */
function pick(
  route: Route,
  address: string | undefined,
  { onlyAgent, tried, lost }: DialExperience,
  { sessionsOf, ejection, checkFails, clock }: DialPorts,
): DialSession | undefined {
  const { connector } = route;
  const untried = (agentId: string) =>
    !tried.has(agentId) && (onlyAgent === undefined || agentId === onlyAgent);
  const steady = (agentId: string) => untried(agentId) && !lost.has(agentId);
  const kept = (agentId: string) => steady(agentId) && !ejection.isEjected(connector, agentId);
  const well = (agentId: string) => kept(agentId) && !checkFails(connector, agentId);
  for (const isWanted of [well, kept, steady, untried]) {
    for (const pool of route.pools) {
      const session = chooseSession(sessionsOf(pool), { connector, address, isWanted, random: clock.random });
      if (session !== undefined) return session;
    }
  }
  return undefined;
}

async function waitForAgent(
  route: Route,
  address: string | undefined,
  failure: TunnelError | undefined,
  limits: { readonly patience: number; readonly waited: number },
  signal: AbortSignal,
  { queue, sessionsOf }: DialPorts,
): Promise<void> {
  const [preferred = ''] = route.pools;
  try {
    await queue.wait(preferred, limits, signal);
  } catch (error) {
    if (signal.aborted || isFull(error)) throw error;
    // What went wrong before the wait says more than that nobody came.
    if (failure !== undefined) throw failure;
    const { connector, pools } = route;
    const present = pools.flatMap((pool) => [...sessionsOf(pool)]).filter((session) => session.takesOpens);
    if (present.length > 0 && present.every((session) => !session.offers(connector))) {
      throw new TunnelError(
        'UNKNOWN_CONNECTOR',
        `No agent that is there, of ${pools.join(' or ')}, has a connector ${connector}.`,
      );
    }
    if (present.length > 0 && present.every((session) => !session.offers(connector, address))) {
      throw new TunnelError(
        'UNKNOWN_CONNECTOR',
        `No agent that is there lists ${address} among the addresses of ${connector}.`,
      );
    }
    throw error;
  }
}

const isFull = (error: unknown) => error instanceof TunnelError && error.code === 'QUEUE_FULL';

function judge(route: Route, session: DialSession, failure: TunnelError, ports: DialPorts): void {
  const { agentId, name: agent, pool } = session.identity;
  const agents = new Set<string>();
  for (const each of ports.sessionsOf(pool)) agents.add(each.identity.agentId);
  if (ports.ejection.failed(route.connector, agentId, failure.code, [...agents])) {
    ports.log('agent-ejected', { agent, pool, connector: route.connector, code: failure.code });
  }
}
