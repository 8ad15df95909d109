import { systemClock } from '@penstock/runtime';
import type { CutPoint } from '../../src/context.ts';
import type { UpdaterLimits } from '../../src/host.ts';
import { runUpdater as runOnce, type UpdaterEnd } from '../../src/run-updater.ts';
import { FileHost } from './file-host.ts';
import { quickLimits } from './quick-limits.ts';

export type UpdaterRun = {
  /** The folder of the host. */
  readonly root: string;
  readonly rootKeys: readonly string[];
  readonly isBoot: boolean;
  /** Other limits than the quick ones. */
  readonly limits?: Partial<UpdaterLimits>;
  readonly reached?: (point: CutPoint) => void;
};

/** The updater on a host of files, until nothing is left to do. At boot, first the unit that runs before the services. */
export async function runUpdater({
  root,
  rootKeys,
  isBoot,
  limits = {},
  reached = () => {},
}: UpdaterRun): Promise<UpdaterEnd> {
  const host = new FileHost(root);
  const log = (message: string) => process.stderr.write(`${message}\n`);
  const options = {
    host,
    limits: { ...quickLimits, ...limits },
    sequence: 0,
    rootKeys,
    clock: systemClock,
    log,
    reached,
  };
  if (isBoot) {
    await runOnce(options, { isBoot });
    host.startServices();
  }
  return runOnce(options, { isBoot: false });
}
