import type { AgentConfig } from '@penstock/config-schema';
import type { Diagnostics } from '../diagnostics/diagnostics.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { PinWatch } from '../policy/watch-pin.ts';
import type { ConnectorChecks } from '../target/checks/connector-checks.ts';
import type { Targets } from '../target/targets.ts';
import type { ParallelSessions } from '../tunnel/parallel-sessions.ts';
import type { HostHealth } from './host-health.ts';
import { announcedConfig } from './sessions.ts';

/** The state that a reload replaces. Stages read it at each use. */
export type InForce = { config: AgentConfig };

/** One change of a reload. `commit` does not throw: the loader has checked everything that could fail. */
export type Change = { readonly to: string; commit(): void };

export type ReloadedParts = {
  readonly inForce: InForce;
  readonly targets: Pick<Targets, 'apply'>;
  readonly diagnostics: Pick<Diagnostics, 'apply'>;
  readonly checks: Pick<ConnectorChecks, 'apply'>;
  readonly pinWatch: Pick<PinWatch, 'configChanged'>;
  readonly hostHealth: Pick<HostHealth, 'apply'>;
  readonly keeper: Pick<IdentityKeeper, 'retryNow'>;
  readonly sessions: Pick<ParallelSessions, 'apply' | 'announce'>;
};

/** The changes that put `next` in force, in the order to commit them. Changes nothing itself. */
export function changesFor(next: AgentConfig, parts: ReloadedParts): readonly Change[] {
  const { inForce, targets, diagnostics, checks, pinWatch, hostHealth, keeper, sessions } = parts;
  const previous = inForce.config;
  return [
    { to: 'what is in force', commit: () => void Object.assign(inForce, { config: next }) },
    { to: 'targets', commit: () => targets.apply(next) },
    { to: 'diagnostics', commit: () => diagnostics.apply(next) },
    { to: 'checks', commit: () => checks.apply(next) },
    { to: 'drift', commit: () => pinWatch.configChanged() },
    { to: 'host samples', commit: () => hostHealth.apply(next.health) },
    // The change may fix what failed: pending retries run immediately.
    { to: 'identity', commit: () => keeper.retryNow() },
    { to: 'sessions', commit: () => sessions.apply(previous) },
    { to: 'gateway', commit: () => sessions.announce({ type: 'config', ...announcedConfig(next) }) },
  ];
}
