import type { AgentState } from '@penstock/api-schema';

/** The types of fleet events, with when each is sent. A closed list: docs/api.md has a row for each. Times are RFC 3339. */
export const fleetEvents = {
  agent: 'An agent was added or removed, or its state or the detail of it changed.',
  alert: 'An alert started firing or was resolved.',
  approval: 'An approval was requested or decided, or its action finished.',
  audit: 'An entry was added to the audit trail. The data is a summary of it.',
  pinning: 'A reload changed the pinning mode of a pool.',
  rollout: 'A rollout was created, entered another stage, or an agent of it changed its state.',
  enrollment: 'An enrollment was refused. Repeated every 10 seconds while the agent retries.',
  connections: 'Connection counts changed. Sent at most once a second and never replayed.',
} as const;

export type FleetEventData = {
  readonly agent: {
    readonly name: string;
    readonly pool: string;
    readonly state: AgentState;
    readonly code?: string | undefined;
    /** When the condition began. */
    readonly since?: string | undefined;
    readonly message?: string | undefined;
    readonly detail?: string | undefined;
  };
  readonly alert: {
    readonly id: string;
    readonly condition: string;
    readonly subject: string;
    readonly state: 'firing' | 'resolved';
    readonly detail: string;
  };
  readonly approval: {
    readonly id: string;
    readonly action: string;
    readonly subject: string;
    readonly state: string;
  };
  readonly rollout: {
    readonly id: string;
    readonly kind: string;
    readonly version: string;
    /** Separated by commas. */
    readonly pools: string;
    readonly state: string;
    readonly reason?: string;
  };
  readonly audit: {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly subject: string;
  };
  readonly pinning: {
    readonly pool: string;
    readonly from: string;
    readonly to: string;
    readonly agents: number;
    /** Agents that accepted opens and are quarantined by the change. */
    readonly quarantined: number;
    readonly released: number;
  };
  readonly enrollment: {
    readonly tokenId?: string | undefined;
    readonly name?: string | undefined;
    readonly pool?: string | undefined;
    readonly address: string;
    readonly code: string;
    readonly message: string;
  };
  readonly connections: {
    readonly items: readonly {
      readonly name: string;
      readonly open: number;
      readonly waiting: number;
      readonly openedTotal: number;
      readonly failedTotal: number;
    }[];
  };
};

export type FleetEventType = keyof FleetEventData;

export type FleetEvent = {
  [Type in FleetEventType]: {
    readonly type: Type;
    /** Position from which a listener can resume; undefined for transient events, which are never replayed. */
    readonly id: string | undefined;
    readonly data: FleetEventData[Type];
  };
}[FleetEventType];

export type FleetEventListener = {
  /** Must neither throw nor block. */
  readonly event: (event: FleetEvent) => void;
  /** Called once, after the last event. */
  readonly end: () => void;
};
