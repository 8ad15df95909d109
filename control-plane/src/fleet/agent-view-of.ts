import { agentConditions } from '@penstock/api-schema';
import { driftOf } from '../pins/drift.ts';
import type { AgentView } from './agent-view.ts';
import { type HoldingCondition, identityNotAfter, type Judged } from './judge-agent.ts';
import type { Reason } from './reason.ts';

/** The view of an agent: what it reported, what the store knows, and what follows from both. */
export function agentViewOf(agent: Judged, reasons: readonly Reason[]): AgentView {
  const { member, record, pin } = agent;
  const { sessions, hello, last } = record;
  const [first] = reasons;
  if (first === undefined) throw new TypeError(`Agent ${member.name} was judged without a reason.`);
  const ready = sessions.filter(({ state }) => state === 'ready');
  return {
    id: member.id,
    name: member.name,
    pool: member.pool,
    state: first.state,
    code: first.code,
    since: first.since,
    message: first.message,
    advice: first.advice,
    detail: first.detail,
    reasons,
    enrolledAt: member.enrolledAt,
    identityNotAfter: identityNotAfter(agent),
    drainedAt: member.drainedAt,
    connectedSince: sessions.length === 0 ? undefined : Math.min(...sessions.map((each) => each.openedAt)),
    address: record.address,
    sessions: {
      got: ready.length,
      // Those that it has added under load are wanted as well.
      wanted: hello && Math.max(hello.session.wanted, ready.length),
      replicas: sessions.length === 0 ? undefined : last?.heartbeat.replicas,
    },
    streams: {
      open: sessions.reduce((sum, { streams }) => sum + streams.open, 0),
      opening: sessions.reduce((sum, { streams }) => sum + streams.opening, 0),
    },
    softwareVersion: hello?.agent.version,
    platform: hello?.platform,
    boots: record.boots.views,
    config: hello?.config,
    pin: pin && { ...pin, drift: hello && driftOf(hello.config, pin) },
    connectors: hello?.connectors,
    policy: hello?.policy,
    checks: last?.heartbeat.checks ?? [],
    lastHeartbeat: last?.at,
    hasReported: record.hasReported,
    clock: record.clock.best,
    cpu: last?.heartbeat.cpu,
    memory: last?.heartbeat.memory,
    eventLoop: last?.heartbeat.eventLoop,
    upgrade: record.upgrade,
  };
}

export function reasonOf({ code, state, detail }: HoldingCondition, since: number): Reason {
  const { message, advice } = agentConditions[code];
  return { code, state, since, message, advice, detail };
}
