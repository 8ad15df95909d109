import { systemClock } from '@penstock/runtime';
import type { CutPoint } from '../../src/context.ts';
import { Updater } from '../../src/updater.ts';
import { FileHost } from './file-host.ts';
import { quickLimits } from './quick-limits.ts';

export type UpdaterRun = {
  /** The folder of the host. */
  readonly root: string;
  readonly rootKeys: readonly string[];
  readonly isBoot: boolean;
  readonly reached?: (point: CutPoint) => void;
};

/** An updater on a host of files, from its start until nothing is left to do. */
export async function runUpdater({ root, rootKeys, isBoot, reached = () => {} }: UpdaterRun): Promise<void> {
  const host = new FileHost(root);
  const log = (message: string) => process.stderr.write(`${message}\n`);
  const updater = new Updater({
    host,
    limits: quickLimits,
    sequence: 0,
    rootKeys,
    clock: systemClock,
    log,
    reached,
  });
  updater.recover(isBoot);
  if (isBoot) host.startServices();
  await updater.run();
}
