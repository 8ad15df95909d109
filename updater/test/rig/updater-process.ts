import { systemClock } from '@penstock/runtime';
import type { CutPoint } from '../../src/context.ts';
import { Updater } from '../../src/updater.ts';
import { FileHost } from './file-host.ts';
import { quickLimits } from './quick-limits.ts';

// node updater-process.ts ROOT ROOT-KEYS [boot|continue] [POINT]: an updater that dies at a point, as by a power cut.
const [root = '', rootKeys = '[]', start, cutAt] = process.argv.slice(2);

const host = new FileHost(root);
const updater = new Updater({
  host,
  limits: quickLimits,
  rootKeys: JSON.parse(rootKeys) as string[],
  clock: systemClock,
  log: (message) => process.stderr.write(`${message}\n`),
  reached(point: CutPoint) {
    if (point === cutAt) process.kill(process.pid, 'SIGKILL');
  },
});
updater.recover(start === 'boot');
if (start === 'boot') host.startServices();
await updater.run();
