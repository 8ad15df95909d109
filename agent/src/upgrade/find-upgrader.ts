import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf } from '@penstock/services';
import type { UpgraderAbsence } from '@penstock/wire';

/** What switches the version of this host, and the directories through which it is reached. */
export type Upgrader =
  | {
      readonly kind: 'host';
      /** The updater's journal is here; agents read it. */
      readonly journal: string;
      /** What keeps the updater from going on is here. */
      readonly problem: string;
      /** This agent's requests and health, in memory where the host has such a directory. The updater reads them. */
      readonly runtime: string;
      /** Releases that this agent has fetched. The updater reads them. */
      readonly files: string;
    }
  | { readonly kind: 'none'; readonly absence: UpgraderAbsence };

type Environment = Readonly<Record<string, string | undefined>>;

/** Files that container engines put into their containers. */
const CONTAINER_FILES = ['/.dockerenv', '/run/.containerenv'];

/**
 * Finds the updater that `service install` has set up. A container never has one: whoever started it from an image starts the
 * next one, and an upgrade inside would be gone with it.
 */
export function findUpgrader(environment: Environment, has = existsSync): Upgrader {
  const { PENSTOCK_UPGRADER: journal, RUNTIME_DIRECTORY: runtime, STATE_DIRECTORY: state } = environment;
  if (isSet(environment['PENSTOCK_CONTAINER'])) return { kind: 'none', absence: 'container' };
  if (isSet(journal) && isSet(runtime) && isSet(state))
    return {
      kind: 'host',
      journal,
      problem: layoutOf(process.platform, environment).updaterRuntime,
      runtime,
      files: join(state, 'upgrade'),
    };
  const isContainer = isSet(environment['KUBERNETES_SERVICE_HOST']) || CONTAINER_FILES.some(has);
  if (isContainer) return { kind: 'none', absence: 'container' };
  const isSupported = process.platform === 'linux' || process.platform === 'win32';
  return { kind: 'none', absence: isSupported ? 'not-a-service' : 'unsupported' };
}

const isSet = (value: string | undefined): value is string => value !== undefined && value !== '';
