import type { ReplicaStore } from '@penstock/cluster';
import type { GatewayConfig } from '@penstock/config-schema';
import type {
  AgentOpens,
  ChangeFeed,
  ConnectionLog,
  FleetEvents,
  Leadership,
  OpenFleet,
  PendingAgentRequests,
} from '@penstock/control-plane';
import type { Clock } from '@penstock/runtime';
import type { Ingresses } from '../ingress/ingresses.ts';
import type { DataPlane } from './data-plane.ts';
import type { GatewayLog } from './event-catalogue.ts';

export type ClusterOptions = {
  readonly config: () => GatewayConfig;
  readonly store: ReplicaStore;
  readonly dataPlane: Pick<DataPlane, 'registry' | 'windows' | 'elsewhere' | 'grants' | 'outcomes'>;
  readonly fleet: Pick<OpenFleet, 'isSuspended'>;
  readonly requests: Pick<PendingAgentRequests, 'forward'>;
  readonly ingresses: Pick<Ingresses, 'clients' | 'cancelPorts'>;
  readonly changes: Pick<ChangeFeed, 'revision' | 'hint' | 'onWritten'>;
  readonly leadership: Pick<Leadership, 'rankBy' | 'viewBy'>;
  /** Answers a question that another replica asks with `ask`. Rejects with ProblemError. */
  readonly answer: (question: unknown) => Promise<unknown>;
  readonly connectionLog: Pick<ConnectionLog, 'followers'>;
  readonly opens: Pick<AgentOpens, 'observe' | 'include' | 'onDemand'>;
  readonly events: Pick<FleetEvents, 'follow' | 'peerPublished' | 'peerLost'>;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: GatewayLog;
};

/** How soon a replica that is silent is given up: it may be gone, and its agents are elsewhere by then. */
export const PING = { interval: 1_000, timeout: 3_000 };
