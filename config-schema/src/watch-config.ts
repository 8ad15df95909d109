import { type StatsListener, unwatchFile, watchFile } from 'node:fs';

/** Milliseconds between looks; a change is seen after one of them at the latest. */
const INTERVAL = 2_000;

/**
 * Calls `onChange` when one of these files has changed, or what its name leads to: a mounted ConfigMap changes by
 * swapping a link, which watching the file itself would miss. Looks at the files instead of asking the system to tell,
 * and does not keep the process alive. The answer stops it.
 */
export function watchConfig(files: readonly string[], onChange: () => void): () => void {
  const listener: StatsListener = (now, before) => {
    if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino || now.size !== before.size) onChange();
  };
  for (const file of files) watchFile(file, { interval: INTERVAL, persistent: false }, listener);
  return () => {
    for (const file of files) unwatchFile(file, listener);
  };
}
