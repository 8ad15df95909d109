import { pointTo } from '@penstock/services';
import { isVersionFailure, type UpgradeCode } from '@penstock/wire';
import { type Context, MAX_DETAIL } from './context.ts';
import type { Phase, Upgrade } from './journal.ts';
import { currentVersion, stableVersion } from './version-folders.ts';

const MAX_FAILED_VERSIONS = 16;

export type RollingBack = Extract<Phase, { name: 'rolling-back' }>;

export type RollBackOptions = {
  readonly upgrade: Upgrade;
  /** Services to start with the version before. */
  readonly services: readonly { readonly name: string }[];
  readonly code: UpgradeCode;
  readonly detail: string;
  readonly isBoot: boolean;
};

/** Goes back to the version before. */
export function rollBack(
  context: Context,
  { upgrade, services, code, detail, isBoot }: RollBackOptions,
): void {
  const { keeper } = context;
  context.log(`${upgrade.to} is rolled back (${code}): ${detail}`);
  const phase: RollingBack = {
    name: 'rolling-back',
    upgrade,
    code,
    detail: detail.slice(0, MAX_DETAIL),
    services: services.map(({ name }) => name),
  };
  keeper.change({ phase, since: context.clock.wall() });
  context.reached('rolling-back-written');
  goBack(context, phase, isBoot);
}

/** Does what is left of a rollback. At boot, the services start after this. */
export function goBack(
  context: Context,
  { upgrade, code, detail, services }: RollingBack,
  isBoot: boolean,
): void {
  const { host, keeper } = context;
  pointTo(host.layout, host.layout.current, upgrade.from);
  context.reached('pointer-back');
  if (!isBoot) restartAll(context, services);
  context.reached('restarted-back');
  const others = keeper.journal.failed.filter(({ version }) => version !== upgrade.to);
  const at = context.clock.wall();
  keeper.change({
    phase: { name: 'rolled-back', upgrade, code, detail },
    since: at,
    failed: isVersionFailure(code)
      ? [...others, { version: upgrade.to, code, at }].slice(-MAX_FAILED_VERSIONS)
      : others,
  });
  context.reached('rolled-back-written');
}

/** Restarts every service that can be. Throws the first failure of one that still exists. */
function restartAll({ host, log }: Context, services: readonly string[]): void {
  const failures: unknown[] = [];
  for (const name of services) {
    try {
      host.restart(name);
    } catch (error) {
      log(`${name} cannot be restarted: ${error instanceof Error ? error.message : String(error)}`);
      if (host.services().some((one) => one.name === name)) failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Ends an upgrade whose pointer something else has moved. That knows better: what it points to becomes the stable version. */
export function abandon(
  context: Context,
  { upgrade, services }: Pick<RollBackOptions, 'upgrade' | 'services'>,
): void {
  const current = currentVersion(context.host.layout);
  if (current === upgrade.from) {
    const detail = 'The pointer was moved back by hand.';
    rollBack(context, { upgrade, services, code: 'POINTER_MOVED', detail, isBoot: false });
    return;
  }
  const detail = `The current version is ${current ?? 'none'}, which this updater has not chosen.`;
  context.log(detail);
  context.keeper.enter({ name: 'rolled-back', upgrade, code: 'POINTER_MOVED', detail });
  adoptCurrent(context);
}

/** Takes what a package has installed for proved: somebody has decided that it runs. */
export function adoptCurrent({ host, keeper, log }: Context): void {
  const { layout } = host;
  const current = currentVersion(layout);
  const stable = stableVersion(layout);
  if (current === undefined || current === stable) return;
  pointTo(layout, layout.stable, current);
  log(`${current} was installed without this updater, and is the stable version now.`);
  if (stable !== undefined) keeper.change({ previous: stable });
}
