import { join } from 'node:path';
import { exitCodes, json, styleFor, table } from '@penstock/terminal';
import { readText } from '../host-files.ts';
import { layoutOf, type SystemdLayout } from '../layout.ts';
import { versionAt } from '../pointer.ts';
import { updaterUnitNames } from '../systemd/install.ts';
import type { Systemctl, UnitState } from '../systemd/systemctl.ts';
import { WindowsServices } from '../windows/service-manager.ts';
import { UPDATER_SERVICE } from '../windows/updater-service.ts';
import { checkedName, systemdOf, windowsHost } from './host-service.ts';
import type { HostService } from './install.ts';

type UnitReport = {
  readonly unit: string;
  readonly installed: boolean;
  readonly enabled: boolean;
  readonly state: string;
  readonly since: string;
  readonly restarts: number;
  readonly pid: number;
};

/** `service status`: the units, and what `service install` would repair. */
export function showStatus(
  host: HostService,
  { name: wanted, output }: { readonly name: string; readonly output: 'text' | 'json' },
): void {
  const { program, self, io } = host;
  const name = checkedName(wanted, program);
  if (self.platform === 'win32') {
    showWindowsStatus(host, name, output);
    return;
  }
  const { layout, systemctl } = systemdOf(host);
  const unit = report(`${name}.service`, layout, systemctl);
  const hasUpdater =
    unit.installed && readText(join(layout.units, unit.unit))?.includes('PENSTOCK_UPGRADER=') === true;
  const units = [unit, ...(hasUpdater ? updaterUnitNames.map((one) => report(one, layout, systemctl)) : [])];
  const repairs = repairsOf(units);
  const version = versionAt(layout, layout.current, program);
  const ok = repairs.length === 0 && unit.state === 'active';
  if (!ok) io.setExitCode(exitCodes.failed);
  if (output === 'json') {
    io.stdout.write(json({ name, version, ok, units, repairs }));
    return;
  }
  const style = styleFor(io.stdout, io.environment);
  const rows = units.map(({ unit: one, installed, enabled, state, since, restarts }) => [
    one,
    installed ? (state === 'failed' ? style.bad(state) : state) : style.bad('not installed'),
    enabled ? 'yes' : 'no',
    String(restarts),
    since,
  ]);
  io.stdout.write(table(['UNIT', 'STATE', 'AT BOOT', 'RESTARTS', 'SINCE'], rows, io));
  if (version !== undefined) io.stdout.write(`\nversion ${version}\n`);
  for (const repair of repairs) io.stdout.write(`${style.bad(repair)}\n`);
  if (repairs.length > 0 && unit.installed) io.stdout.write(`Run ${program} service install to repair it.\n`);
}

function showWindowsStatus(host: HostService, name: string, output: 'text' | 'json'): void {
  const { program, io, self } = host;
  const services = new WindowsServices(windowsHost(host));
  const state = services.query(name)?.state;
  const hasUpdater = services.commandLine(name).includes('PENSTOCK_UPGRADER=');
  const updater = hasUpdater ? services.query(UPDATER_SERVICE)?.state : undefined;
  const layout = layoutOf(self.platform, io.environment);
  const version = hasUpdater ? versionAt(layout, layout.current, program) : undefined;
  const ok = state === 'RUNNING' && (!hasUpdater || updater === 'RUNNING');
  if (!ok) io.setExitCode(exitCodes.failed);
  if (output === 'json') {
    io.stdout.write(json({ name, state, version, ok, ...(hasUpdater && { updater }) }));
    return;
  }
  io.stdout.write(`${name}: ${state ?? 'not installed'}\n`);
  if (hasUpdater) io.stdout.write(`${UPDATER_SERVICE}: ${updater ?? 'not installed'}\n`);
  if (version !== undefined) io.stdout.write(`\nversion ${version}\n`);
  if (state !== undefined && !ok) io.stdout.write(`Run ${program} service install to repair it.\n`);
}

function report(unit: string, layout: SystemdLayout, systemctl: Systemctl): UnitReport {
  const state: UnitState = systemctl.show(unit);
  return {
    unit,
    installed: state.load === 'loaded' && readText(join(layout.units, unit)) !== undefined,
    enabled: state.enabled === 'enabled',
    state: state.active,
    since: state.since,
    restarts: state.restarts,
    pid: state.pid,
  };
}

/** What is not as `service install` leaves it. */
function repairsOf(units: readonly UnitReport[]): readonly string[] {
  return units.flatMap(({ unit, installed, enabled, state }) => [
    ...(installed ? [] : [`${unit} is not installed.`]),
    ...(installed && !enabled ? [`${unit} does not start at boot.`] : []),
    ...(installed && state === 'failed' ? [`${unit} has failed: journalctl --unit ${unit}`] : []),
    ...(installed && unit.endsWith('.path') && state !== 'active' ? [`${unit} is not active.`] : []),
  ]);
}
