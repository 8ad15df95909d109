import type { GatewayConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import { WindowBudget } from '@penstock/transport';
import { Denials } from '../access/denials.ts';
import { OtherReplicas } from '../access/elsewhere.ts';
import { GrantTable } from '../access/grant-table.ts';
import { AgentWaiters } from '../routing/agent-waiters.ts';
import { DialHistory } from '../routing/dial-history.ts';
import { Ejection } from '../routing/ejection.ts';
import { OpenOutcomes } from '../routing/open-outcomes.ts';
import { PendingQueue } from '../routing/pending-queue.ts';
import { Resumer } from '../routing/resume.ts';
import { RouteTable } from '../routing/route-table.ts';
import { Registry } from '../tunnel/registry.ts';

/** What the data plane keeps in memory: sessions, routes, active grants, and what earlier dials have shown. */
export type DataPlane = {
  readonly registry: Registry;
  readonly routes: RouteTable;
  readonly queue: PendingQueue;
  readonly ejection: Ejection;
  readonly history: DialHistory;
  readonly resumer: Resumer;
  readonly denials: Denials;
  readonly outcomes: OpenOutcomes;
  /** Receive windows of the sessions to agents and to other replicas. */
  readonly windows: WindowBudget;
  /** The clients of other replicas. */
  readonly elsewhere: OtherReplicas;
  /** The stage that adds grants closes it. */
  readonly grants: GrantTable;
};

/** Creates the data plane's state. Opens nothing, and needs no teardown as long as it has no grants. */
export function createDataPlane(config: GatewayConfig, clock: Clock): DataPlane {
  const registry = new Registry({ sessionsPerAgent: config.tunnel.sessionsPerAgent });
  const routes = new RouteTable(config);
  const queue = new PendingQueue((pool) => routes.pool(pool)?.queue);
  const ejection = new Ejection(config.ejection, clock);
  registry.onReady(() => queue.wakeAll());
  registry.onAgentDisconnected((agentId) => ejection.forgetAgent(agentId));
  const waiters = new AgentWaiters();
  registry.onReady(({ identity }) => waiters.wake(identity.agentId));
  const resumer = new Resumer({
    sessionsOfAgent: (agentId) => registry.sessionsOfAgent(agentId),
    sessionReady: (agentId, signal) => waiters.wait(agentId, signal),
    clock,
  });
  registry.observe({
    untold({ identity, bootId }, ids) {
      const longest = Math.max(0, ...[...routes.routes].map(({ resumeFor = 0 }) => resumeFor));
      resumer.end({ agentId: identity.agentId, bootId }, ids, 'CLIENT_GONE', longest);
    },
  });
  const denials = new Denials(() => clock.wall());
  const outcomes = new OpenOutcomes(clock);
  outcomes.apply(new Set(config.connections.map(({ name }) => name)), config.health.failingOpensWindow);
  const history = new DialHistory();
  const elsewhere = new OtherReplicas();
  return {
    registry,
    routes,
    queue,
    ejection,
    history,
    resumer,
    denials,
    outcomes,
    windows: new WindowBudget(config.tunnel.memoryBudget),
    elsewhere,
    grants: new GrantTable(undefined, elsewhere),
  };
}
