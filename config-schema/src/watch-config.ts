import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

/** Polling interval; the longest delay until a change is noticed. */
const INTERVAL = 1_000;

/**
 * Calls `onChange` when one of these files, or the file that its link leads to, has changed: a mounted ConfigMap
 * changes by swapping a link, which watching the file itself would miss. Polls instead of using the system's
 * notifications and does not keep the process alive. The returned function stops it.
 */
export function watchConfig(files: readonly string[], onChange: () => void): () => void {
  const listener: StatsListener = (now, before) => {
    // The ctime also changes with the owner and the mode.
    if (now.ctimeMs !== before.ctimeMs || now.ino !== before.ino || now.size !== before.size) onChange();
  };
  for (const file of files) watchFile(file, { interval: INTERVAL, persistent: false }, listener);
  return () => {
    for (const file of files) unwatchFile(file, listener);
  };
}
