import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Clock } from '@penstock/runtime';
import { errorText } from '@penstock/wire';
import type { DataPlaneLog } from './event.ts';

/** Milliseconds between two looks, and so between two lines of the log. */
const INTERVAL = 1_000;

/**
 * Logs when the process or the host runs out of file descriptors, every second as long as it lasts, and when some are
 * free again. Node tells nobody: it keeps one descriptor to accept and close those that come meanwhile, and goes on by
 * itself (uv__emfile_trick of libuv). What comes back ends the watch.
 */
export function watchDescriptors(clock: Clock, log: DataPlaneLog, probe = openDescriptor): () => void {
  let state: 'free' | 'exhausted' = 'free';
  const look = () => {
    const problem = probe();
    if (problem !== undefined) log('descriptors-exhausted', { detail: problem });
    else if (state === 'exhausted') log('descriptors-recovered');
    state = problem === undefined ? 'free' : 'exhausted';
    stop = clock.after(INTERVAL, look);
  };
  let stop = clock.after(INTERVAL, look);
  return () => stop();
}

/** Why no descriptor can be had; undefined when one can. Opens and closes in one go, so that Node's own stays its own. */
function openDescriptor(): string | undefined {
  try {
    closeSync(openSync(devNull, 'r'));
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE' ? `${adviceFor[code]} (${errorText(error)})` : undefined;
  }
}

const adviceFor = {
  EMFILE: 'The process is at its own limit: raise LimitNOFILE of its service, or ulimit -n.',
  ENFILE: 'The host is at its limit: raise fs.file-max.',
} as const;
