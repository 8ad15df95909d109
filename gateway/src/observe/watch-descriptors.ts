import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Clock } from '@penstock/runtime';
import { errorText } from '@penstock/wire';
import type { DataPlaneLog } from './event.ts';

/** Time between two probes, and therefore between two log lines. */
const PROBE_INTERVAL_MS = 1_000;

/**
 * Logs once per second while the process or the host has no free file descriptor, and once when descriptors are free
 * again. Node does not report this: libuv keeps one descriptor in reserve to accept and close new connections
 * (uv__emfile_trick). Returns a function that stops the watch.
 */
export function watchDescriptors(clock: Clock, log: DataPlaneLog, probe = descriptorProblem): () => void {
  let state: 'free' | 'exhausted' = 'free';
  const check = () => {
    const problem = probe();
    if (problem !== undefined) log('descriptors-exhausted', { detail: problem });
    else if (state === 'exhausted') log('descriptors-recovered');
    state = problem === undefined ? 'free' : 'exhausted';
    stop = clock.after(PROBE_INTERVAL_MS, check);
  };
  let stop = clock.after(PROBE_INTERVAL_MS, check);
  return () => stop();
}

/** Opens and immediately closes a descriptor. Returns why that fails, or undefined when it succeeds. */
function descriptorProblem(): string | undefined {
  try {
    closeSync(openSync(devNull, 'r'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? `${adviceFor[code]} (${errorText(error)})` : undefined;
  }
}

const adviceFor = {
  EMFILE: 'The process has reached its limit: raise LimitNOFILE of its service, or ulimit -n.',
  ENFILE: 'The host has reached its limit: raise fs.file-max.',
} as const;
