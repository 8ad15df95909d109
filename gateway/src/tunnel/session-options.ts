import type { Clock } from '@penstock/runtime';
import type { WindowBudget } from '@penstock/transport';
import type { ControlPlanePort } from '../control-plane-port.ts';
import type { DataPlaneLog } from '../observe/event.ts';
import type { SessionRegistry } from './session-registry.ts';

/** This gateway as agents see it. */
export type GatewaySelf = { readonly id: string; readonly epoch: string };

/** What every session is created with. All durations are milliseconds. */
export type SessionOptions = {
  readonly self: GatewaySelf;
  readonly clock: Clock;
  readonly windows: WindowBudget;
  /** Whether this process is the only gateway: connections of an earlier one cannot resume then. */
  readonly isSole: boolean;
  /** Which of how many replicas this is; undefined for the only gateway. */
  readonly replica: () => { readonly name: string; readonly count: number } | undefined;
  readonly ping: { readonly interval: number; readonly timeout: number };
  readonly helloTimeout: number;
  readonly heartbeatInterval: () => number;
  readonly drainTimeout: () => number;
  readonly log: DataPlaneLog;
  readonly controlPlane: Pick<ControlPlanePort, 'identity' | 'fleet'>;
  readonly registry: SessionRegistry;
};
