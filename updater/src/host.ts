import type { Layout } from '@penstock/services';
import type { AgentHealth } from './health.ts';
import type { OwnedRequest } from './request.ts';

/** A service of the host that runs the program of the pointer. */
export type ManagedService = {
  readonly name: string;
  /** Its configuration file. */
  readonly config: string;
};

/** What the service manager says of a service. */
export type Observation = {
  readonly state: 'active' | 'starting' | 'stopping' | 'restarting' | 'stopped' | 'failed';
  /** Whether it ended, or would not start, because it did not answer. */
  readonly isHung: boolean;
  /** Of the process; new at each start. Empty if it does not run. */
  readonly invocation: string;
};

/** The result of running a version to find out whether it works. */
export type TrialResult = { readonly ok: boolean; readonly notExecutable: boolean; readonly output: string };

/** The host, as far as the updater needs it. */
export type UpdaterHost = {
  readonly layout: Layout;
  /** Names the boot, so that a power cut is recognized. */
  readonly boot: string;
  readonly platform: { readonly os: string; readonly arch: string };
  services(): readonly ManagedService[];
  observe(service: string): Observation;
  /** Stops the service if it runs and starts it, whatever state it was left in. Does not wait. */
  restart(service: string): void;
  /** What root and each agent have asked for last. `source` names who. */
  requests(): Iterable<OwnedRequest & { readonly source: string }>;
  /** Whether the owner of a service lets the control plane upgrade it: an agent that was taken over would not ask. */
  isUpgradeAllowed(service: ManagedService): boolean;
  health(service: string): AgentHealth | undefined;
  /** Runs an executable with few rights, and waits for it. */
  trial(executable: string, words: readonly string[]): TrialResult;
  /** Whether an executable reaches the gateway of a service, under the identity of that service. */
  reaches(executable: string, service: ManagedService): boolean;
};

/** Durations in milliseconds. */
export type UpdaterLimits = {
  /** Without a restart, until a version is committed. */
  readonly probation: number;
  /** Of a probation that is extended because the gateway is away. */
  readonly maxProbation: number;
  /** From the start of the process until it is ready. */
  readonly readyTimeout: number;
  /** Age of an agent's health that counts. */
  readonly healthTimeout: number;
  /** For which a version may be unhealthy without consequences. */
  readonly grace: number;
  /** For which it must have been healthy before it is committed. */
  readonly settle: number;
  /** Between two looks. */
  readonly interval: number;
  /** Attempts to switch that may be interrupted. */
  readonly attempts: number;
};

const MINUTE = 60_000;

export const defaultLimits: UpdaterLimits = {
  probation: 10 * MINUTE,
  maxProbation: 60 * MINUTE,
  readyTimeout: MINUTE,
  healthTimeout: 30_000,
  grace: 2 * MINUTE,
  settle: 30_000,
  interval: 500,
  attempts: 3,
};
