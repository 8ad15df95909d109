import type { ServerHttp2Stream } from 'node:http2';
import { type Clock, errorText, TunnelError } from '@penstock/wire';
import type { GatewayLog } from '../observe/event.ts';
import type { OpenRequest } from '../tunnel/data-streams.ts';
import { type Candidate, chooseSession } from './choose-session.ts';
import type { Ejection } from './ejection.ts';
import type { PendingQueue } from './pending-queue.ts';
import type { Route } from './route-table.ts';

/** What dialing needs to know and do with a session. */
export type DialSession = Candidate & {
  readonly identity: { readonly agentId: string; readonly name: string; readonly pool: string };
  open(request: OpenRequest): Promise<ServerHttp2Stream>;
};

export type DialPorts = {
  readonly sessionsOf: (pool: string) => Iterable<DialSession>;
  readonly queue: Pick<PendingQueue, 'wait'>;
  readonly ejection: Ejection;
  readonly limits: () => {
    readonly attemptTimeout: number;
    readonly totalTimeout: number;
    readonly attempts: number;
  };
  readonly log: GatewayLog;
  readonly clock: Clock;
};

export type Dialed = {
  /** Not yet answered; the caller owns it. */
  readonly stream: ServerHttp2Stream;
  readonly agent: string;
  readonly pool: string;
  readonly attempts: number;
};

/** Failures that say nothing of the target: when no other agent is there, one that comes may still do it. */
const WORTH_WAITING: ReadonlySet<string> = new Set([
  'SESSION_LOST',
  'AGENT_DRAINING',
  'AGENT_OVERLOADED',
  'CONFIG_DRIFT',
]);

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
): Promise<Dialed> {
  const { attemptTimeout, totalTimeout, attempts } = ports.limits();
  const deadline = ports.clock.now() + totalTimeout;
  const tried = new Set<string>();
  let attempt = 0;
  let failure: TunnelError | undefined;
  while (attempt < attempts) {
    const left = deadline - ports.clock.now();
    if (left <= 0) break;
    const session = pick(route, tried, ports);
    if (session === undefined) {
      // Every agent that is there had its try and cannot: waiting would not change that.
      if (failure !== undefined && !WORTH_WAITING.has(failure.code)) break;
      await waitForAgent(route, failure, left, signal, ports);
      tried.clear();
      continue;
    }
    attempt += 1;
    const { agentId, name: agent, pool } = session.identity;
    try {
      const stream = await session.open({
        connector: route.connector,
        connection: route.name,
        client,
        timeout: Math.ceil(Math.min(attemptTimeout, left)),
        signal,
      });
      ports.ejection.succeeded(route.connector, agentId);
      return { stream, agent, pool, attempts: attempt };
    } catch (error) {
      if (signal.aborted) throw error;
      failure =
        error instanceof TunnelError
          ? error
          : new TunnelError('INTERNAL', errorText(error), { cause: error });
      judge(route, session, failure, ports);
      if (failure.retry === 'never') break;
      // A lost session says nothing of the agent: its other session may well do.
      if (failure.code !== 'SESSION_LOST') tried.add(agentId);
      ports.log('connection-retried', {
        connection: route.name,
        client,
        agent,
        code: failure.code,
        detail: failure.message,
      });
    }
  }
  throw (
    failure ?? new TunnelError('DIAL_TIMEOUT', `${route.name} was not connected within ${totalTimeout} ms.`)
  );
}

function pick(route: Route, tried: ReadonlySet<string>, ports: DialPorts): DialSession | undefined {
  const isEjected = (agentId: string) => ports.ejection.isEjected(route.connector, agentId);
  for (const pool of route.pools) {
    const session = chooseSession(ports.sessionsOf(pool), { connector: route.connector, tried, isEjected });
    if (session !== undefined) return session;
  }
  return undefined;
}

async function waitForAgent(
  route: Route,
  failure: TunnelError | undefined,
  patience: number,
  signal: AbortSignal,
  { queue }: DialPorts,
): Promise<void> {
  const [preferred = ''] = route.pools;
  try {
    await queue.wait(preferred, patience, signal);
  } catch (error) {
    // What went wrong before the wait says more than that nobody came.
    throw failure !== undefined && !signal.aborted ? failure : error;
  }
}

function judge(route: Route, session: DialSession, failure: TunnelError, ports: DialPorts): void {
  const { agentId, name: agent, pool } = session.identity;
  const agents = new Set<string>();
  for (const each of ports.sessionsOf(pool)) agents.add(each.identity.agentId);
  if (ports.ejection.failed(route.connector, agentId, failure.code, [...agents])) {
    ports.log('agent-ejected', { agent, pool, connector: route.connector, code: failure.code });
  }
}
