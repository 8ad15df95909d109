import type { AgentSession } from '../tunnel/session.ts';
import type { AgentView } from './agent-view.ts';

/** What is known of every agent that has a session, whatever the session's state. */
export function agentViews(sessions: Iterable<AgentSession>): AgentView[] {
  const byAgent = new Map<string, AgentSession[]>();
  for (const session of sessions) {
    const { agentId } = session.identity;
    const list = byAgent.get(agentId);
    if (list === undefined) byAgent.set(agentId, [session]);
    else list.push(session);
  }
  return [...byAgent.values()].flatMap((list) => agentView(list) ?? []);
}

function agentView(sessions: readonly AgentSession[]): AgentView | undefined {
  const greeted = sessions.filter(({ hello }) => hello !== undefined);
  const [latest] = greeted.toSorted((one, other) => other.openedAt - one.openedAt);
  const hello = latest?.hello;
  if (latest === undefined || hello === undefined) return undefined;
  const ready = greeted.filter(({ state }) => state === 'ready');
  const heartbeats = greeted.flatMap(({ heartbeat }) => heartbeat?.at ?? []);
  const { agentId, name, pool, notAfter } = latest.identity;
  return {
    id: agentId,
    name,
    pool,
    state: ready.length === 0 ? 'draining' : ready.length < hello.session.wanted ? 'degraded' : 'connected',
    connectedSince: Math.min(...greeted.map(({ openedAt }) => openedAt)),
    address: latest.address,
    sessions: { got: ready.length, wanted: hello.session.wanted },
    softwareVersion: hello.agent.version,
    config: hello.config,
    connectors: hello.connectors,
    streams: {
      open: greeted.reduce((sum, { streams }) => sum + streams.open, 0),
      opening: greeted.reduce((sum, { streams }) => sum + streams.opening, 0),
    },
    lastHeartbeat: heartbeats.length === 0 ? undefined : Math.max(...heartbeats),
    identityNotAfter: notAfter,
  };
}
