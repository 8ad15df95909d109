import { uptime } from 'node:os';
import { runOnHost, WindowsServices, windowsLayout } from '@penstock/services';
import type { Io } from '@penstock/terminal';
import { WindowsBoot, type WindowsUpdaterHost, windowsUpdaterHost } from '@penstock/updater';

export type ThisWindowsOptions = Pick<Io, 'environment'> & {
  readonly platform: { readonly os: string; readonly arch: string };
  readonly isUpgradeAllowed: (config: string) => boolean;
};

/** The services of this Windows. */
export function servicesOfThisWindows({ SystemRoot, SYSTEMROOT }: Io['environment']): WindowsServices {
  return new WindowsServices({
    run: runOnHost,
    systemRoot: SystemRoot ?? SYSTEMROOT ?? String.raw`C:\Windows`,
  });
}

/** This Windows, as its updater sees it. */
export function thisWindows({
  environment,
  platform,
  isUpgradeAllowed,
}: ThisWindowsOptions): WindowsUpdaterHost {
  const layout = windowsLayout(environment);
  return windowsUpdaterHost({
    layout,
    services: servicesOfThisWindows(environment),
    boot: new WindowsBoot(layout.updater, { uptime: () => uptime() * 1_000, wall: () => Date.now() }),
    run: runOnHost,
    environment,
    platform,
    isUpgradeAllowed,
    now: () => performance.now(),
  });
}
