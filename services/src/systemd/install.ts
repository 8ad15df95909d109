import { existsSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readText, writeDurably } from '../host-files.ts';
import type { SystemdLayout } from '../layout.ts';
import type { Step } from '../step.ts';
import { type ProgramService, programUnit, tokenCredential } from './program-unit.ts';
import type { Systemctl, UnitState } from './systemctl.ts';
import { GENERATED_MARK } from './unit-file.ts';
import { updaterUnits } from './updater-units.ts';

export type SystemdOptions = {
  readonly layout: SystemdLayout;
  readonly systemctl: Pick<Systemctl, 'show' | 'do' | 'attempt'>;
};

/** Units and the files they need. `enabled` starts at boot; `started` runs now. */
type Wanted = {
  readonly files: readonly { readonly path: string; readonly text: string; readonly mode: number }[];
  readonly enabled: readonly string[];
  readonly started: readonly string[];
};

export const programUnitName = ({ name }: Pick<ProgramService, 'name'>): string => `${name}.service`;

/** Units of the updater that are enabled. Its service is started by the others. */
export const updaterUnitNames = [
  'penstock-updater-boot.service',
  'penstock-updater.path',
  'penstock-updater.timer',
] as const;

export type InstallOptions = SystemdOptions & {
  readonly service: ProgramService;
  /** Content of the enrollment token; undefined leaves what is there. */
  readonly token: string | undefined;
  /** The executable of the updater; undefined if the program has none. */
  readonly updater: readonly string[] | undefined;
  /** Agents that are installed already, by unit. */
  readonly otherAgents: readonly string[];
  readonly start: boolean;
};

function wanted(options: InstallOptions): Wanted {
  const { service, layout, token, updater, otherAgents } = options;
  const unit = programUnitName(service);
  const agents = [...new Set([...otherAgents, service.name])].sort();
  const updaterFiles =
    updater === undefined
      ? {}
      : updaterUnits({ agents, command: updater, systemdVersion: service.systemdVersion });
  return {
    files: [
      ...(token === undefined
        ? []
        : [{ path: join(layout.credentials, tokenCredential(service.name)), text: token, mode: 0o600 }]),
      { path: join(layout.units, unit), text: programUnit(service), mode: 0o644 },
      ...Object.entries(updaterFiles).map(([name, text]) => ({
        path: join(layout.units, name),
        text,
        mode: 0o644,
      })),
    ],
    enabled: [unit, ...(updater === undefined ? [] : updaterUnitNames)],
    started: [unit, ...(updater === undefined ? [] : ['penstock-updater.path', 'penstock-updater.timer'])],
  };
}

/**
 * What is missing on this host for the service to run: none of it if everything is right already. Throws if a unit of the
 * same name was written by somebody else.
 */
export function installSteps(options: InstallOptions): readonly Step[] {
  const { service, layout, systemctl, start } = options;
  const { files, enabled, started } = wanted(options);
  const unit = programUnitName(service);
  const steps: Step[] = [];
  const changed = files.filter((file) => !isAsWanted(file));
  for (const { path, text, mode } of changed) {
    const present = readText(path);
    const isUnit = path.startsWith(layout.units);
    if (isUnit && isOfOthers(present)) {
      throw new Error(
        `${path} was not written by this command. Move it away, or choose another name with --name.`,
      );
    }
    steps.push({
      title: `${present === undefined ? 'create' : 'replace'} ${path}`,
      ...(isUnit && { content: text }),
      run: () => writeDurably(path, text, mode),
    });
  }
  const states = new Map<string, UnitState>(enabled.map((name) => [name, systemctl.show(name)]));
  const reload = changed.some(({ path }) => path.startsWith(layout.units));
  const step = (...words: readonly string[]) =>
    steps.push({ title: `systemctl ${words.join(' ')}`, run: () => systemctl.do(...words) });
  for (const [name, { enabled: state }] of states) {
    if (state === 'masked') step('unmask', name);
    if (state === 'masked-runtime') step('unmask', '--runtime', name);
  }
  // A unit that was removed by hand may still be loaded, and one that was added may not be.
  const isStale = [...states.values()].some(({ load }) => load !== 'loaded');
  if (reload || isStale) step('daemon-reload');
  const toEnable = [...states].filter(([, state]) => state.enabled !== 'enabled').map(([name]) => name);
  // `reenable` also repairs links that lead nowhere.
  if (toEnable.length > 0) step('reenable', ...toEnable);
  if (!start) return steps;
  for (const name of started) {
    const state = states.get(name);
    const needsRestart = changed.some(({ path }) => path.endsWith(`/${name}`) || isTokenOf(path, name));
    const isRunning = state?.active === 'active';
    if (state?.active === 'failed') step('reset-failed', name);
    if (isRunning && needsRestart) step('restart', name);
    else if (!isRunning) step('start', ...(name === unit ? ['--no-block'] : []), name);
  }
  return steps;
}

const MODE_BITS = 0o777;

/** Whether a file is a file with this text and this mode, and not, as that of a masked unit, a link. */
function isAsWanted({ path, text, mode }: Wanted['files'][number]): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & MODE_BITS) === mode && readText(path) === text;
}

/** Whether somebody else has written a unit. Nobody writes an empty one: it is masked, or damaged. */
const isOfOthers = (present: string | undefined) =>
  present !== undefined && present.trim() !== '' && !present.startsWith(GENERATED_MARK);

const isTokenOf = (path: string, unit: string) =>
  path.endsWith(`/${tokenCredential(unit.replace(/\.service$/, ''))}`);

export type UninstallOptions = SystemdOptions & {
  readonly name: string;
  /** Removes the updater too: this is the last agent. */
  readonly withUpdater: boolean;
};

/** What is left of the service on this host. Its state, its configuration, and the versions stay. */
export function uninstallSteps({ name, layout, systemctl, withUpdater }: UninstallOptions): readonly Step[] {
  const unit = `${name}.service`;
  const units = [...(withUpdater ? [...updaterUnitNames, 'penstock-updater.service'] : []), unit];
  const steps: Step[] = [];
  for (const one of units) {
    const path = join(layout.units, one);
    const state = systemctl.show(one);
    const present = readText(path);
    if (one === unit && isOfOthers(present))
      throw new Error(`${path} was not written by this command: remove it with what installed it.`);
    const isEnabled = state.enabled === 'enabled';
    const runs = state.active !== 'inactive' && state.load !== 'not-found';
    if (isEnabled || runs) {
      steps.push({
        title: `systemctl disable --now ${one}`,
        run: () => {
          systemctl.attempt('disable', '--now', one);
          systemctl.attempt('reset-failed', one);
        },
      });
    }
    if (present !== undefined) steps.push({ title: `remove ${path}`, run: () => rmSync(path) });
  }
  const token = join(layout.credentials, tokenCredential(name));
  if (existsSync(token)) steps.push({ title: `remove ${token}`, run: () => rmSync(token) });
  if (steps.length > 0)
    steps.push({ title: 'systemctl daemon-reload', run: () => systemctl.do('daemon-reload') });
  return steps;
}
