import { runUpdater } from './run-updater.ts';

// node updater-process.ts ROOT ROOT-KEYS boot|continue POINT: an updater that dies at a point, as by a power cut.
const [root = '', rootKeys = '[]', start, cutAt] = process.argv.slice(2);

await runUpdater({
  root,
  rootKeys: JSON.parse(rootKeys) as string[],
  isBoot: start === 'boot',
  reached(point) {
    if (point === cutAt) process.kill(process.pid, 'SIGKILL');
  },
});
