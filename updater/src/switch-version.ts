import { pointTo } from '@penstock/services';
import type { Context } from './context.ts';
import type { Phase, ServiceBefore, Upgrade } from './journal.ts';
import { abandon, rollBack } from './roll-back.ts';
import { verified } from './stage.ts';
import { stageOptions } from './stage-options.ts';
import { currentVersion } from './version-folders.ts';

/**
 * Points to a staged version and restarts the services, unless `until` passes before that. Throws UpgradeError if the release
 * may no longer be installed.
 */
export function switchVersion(context: Context, wanted: Upgrade, until: number): void {
  const { host, keeper } = context;
  const { layout, boot } = host;
  const upgrade = wanted.back
    ? wanted
    : { ...wanted, sequence: verified(wanted, keeper.journal, stageOptions(context)).release.sequence };
  // Looked at again after each step: this host may sleep, or be stopped, in between.
  const isClosed = () => {
    if (context.clock.wall() < until) return false;
    pointTo(layout, layout.current, upgrade.from);
    keeper.enter({ name: 'staged', upgrade, code: 'WINDOW_CLOSED' });
    return true;
  };
  if (isClosed()) return;
  const attempt = { upgrade, attempt: 1, boot, services: servicesBefore(context) };
  keeper.enterFirst({ name: 'switching', ...attempt });
  context.reached('switching-written');
  if (isClosed()) return;
  pointTo(layout, layout.current, upgrade.to);
  context.reached('pointer-moved');
  if (isClosed()) return;
  for (const { name } of attempt.services) host.restart(name);
  context.reached('restarted');
  keeper.enter({ name: 'probation', ...attempt });
  context.reached('probation-written');
}

/** Services that run now: one that somebody has stopped is not started by an upgrade. */
function servicesBefore({ host }: Context): ServiceBefore[] {
  return host
    .services()
    .map(({ name }) => ({ name, ...host.observe(name) }))
    .filter(({ state }) => state !== 'stopped')
    .map(({ name, invocation }) => ({
      name,
      invocation,
      failing: [...(host.health(name)?.failing ?? [])],
    }));
}

/**
 * First the attempt, so that a host that dies of what follows does not do so for ever. At boot, what cannot be counted is not
 * tried: the agents start with the previous version until the disk has room. Throws UpgradeError.
 */
function enterOrGoBack(
  { host, keeper }: Context,
  phase: Extract<Phase, { name: 'switching' }>,
  isBoot: boolean,
): void {
  try {
    keeper.enterFirst(phase);
  } catch (error) {
    if (isBoot) pointTo(host.layout, host.layout.current, phase.upgrade.from);
    throw error;
  }
}

/** Continues a switch, or a probation, that was interrupted. */
export function resumeSwitch(
  context: Context,
  phase: Extract<Phase, { name: 'switching' | 'probation' }>,
  isBoot: boolean,
): void {
  const { host, keeper } = context;
  const { layout, boot } = host;
  const { upgrade } = phase;
  const current = currentVersion(layout);
  if (current !== upgrade.from && current !== upgrade.to) {
    abandon(context, phase);
    return;
  }
  const isNewBoot = phase.boot !== boot;
  // The next updater resumes the watch: the host has not died of anything. But updaters that keep ending must not watch for ever.
  const watched = context.clock.wall() - keeper.journal.since;
  if (phase.name === 'probation' && !isNewBoot && watched < 2 * context.limits.maxProbation) return;
  const attempt = phase.attempt + 1;
  if (attempt > context.limits.attempts) {
    const detail = `It was interrupted ${phase.attempt} times.`;
    rollBack(context, { ...phase, code: 'INTERRUPTED', detail, isBoot });
    return;
  }
  // After a boot at which this could not be done, the previous version runs, and its process is not the new one.
  const isLate = isNewBoot && !isBoot && current === upgrade.from;
  const services = isNewBoot
    ? phase.services.map(({ name, failing }) => ({
        name,
        failing,
        invocation: isLate ? host.observe(name).invocation : '',
      }))
    : phase.services;
  const next = { ...phase, name: 'switching' as const, attempt, boot, services };
  if (current === upgrade.to && !isBoot) keeper.enter(next);
  else enterOrGoBack(context, next, isBoot);
  pointTo(layout, layout.current, upgrade.to);
  if (isLate || (!isBoot && !isNewBoot)) {
    for (const { name, invocation } of services) {
      // Still the process of the previous version: the restart was lost.
      if (host.observe(name).invocation === invocation) host.restart(name);
    }
  }
  keeper.enter({ ...phase, name: 'probation', attempt, boot, services });
  context.reached('resumed');
}
