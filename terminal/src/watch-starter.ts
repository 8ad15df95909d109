import { readFileSync } from 'node:fs';
import type { Io } from './io.ts';

const INTERVAL_MS = 1_000;

/** A program that starts this one sets it to its own process id, and this one ends with it. */
export const PARENT_VARIABLE = 'PENSTOCK_EXIT_WITH_PARENT';

/** Package runners, as their processes show themselves. They end on a signal and leave what they started running. */
const RUNNER = /(^|[/\s\0])(npm|npx|pnpm|pnpx|yarn|bunx)(-cli)?(\.c?js)?([\s\0]|$)/;

/** A process and the parent it has while the starter lives. */
type Link = { readonly pid: number; readonly parent: number };

/** The process that started this one, by the chain of parents that leads to it. */
export type Starter = { readonly name: string; readonly chain: readonly Link[] };

/**
 * Calls `onGone` when the starter has ended without ending this process. Returns a function that stops watching. Does not keep
 * the process alive.
 */
export function watchStarter(starter: Starter | undefined, onGone: (name: string) => void): () => void {
  if (starter === undefined) return () => {};
  const { name, chain } = starter;
  const timer = setInterval(() => {
    if (chain.every(({ pid, parent }) => parentOf(pid) === parent && isAlive(parent))) return;
    clearInterval(timer);
    onGone(name);
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * The starter that this process must not outlive: npm or npx, which a supervisor believes to be the service, or the parent
 * named by PENSTOCK_EXIT_WITH_PARENT. Undefined for any other: the parent of a daemon may end. Call it early, while the
 * starter is likely to be there.
 */
export function findStarter(environment: Io['environment']): Starter | undefined {
  const self: Link = { pid: process.pid, parent: process.ppid };
  const parent = environment[PARENT_VARIABLE];
  if (parent) return { name: 'its parent process', chain: [{ pid: process.pid, parent: Number(parent) }] };
  const isRun = environment['npm_command'] !== undefined || environment['npm_lifecycle_event'] !== undefined;
  if (!isRun) return undefined;
  // npm runs commands through a shell, which waits for them and outlives npm.
  const chain: Link[] = [];
  for (let link = self; chain.length < 3; link = { pid: link.parent, parent: parentOf(link.parent) ?? 0 }) {
    if (link.parent <= 1) return undefined;
    chain.push(link);
    const command = commandOf(link.parent);
    // Without /proc the parent is the best guess: variables of npm are set, and its shell runs a single command in place.
    if (command === undefined) return { name: 'npm', chain: [self] };
    const runner = RUNNER.exec(command)?.[2];
    if (runner !== undefined) return { name: runner, chain };
  }
  return undefined;
}

/** The parent of a process; undefined when it has ended. Without /proc, only that of this process is known. */
function parentOf(pid: number): number | undefined {
  if (pid === process.pid) return process.ppid;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in parentheses, which may contain anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return undefined;
  }
}

/** On Windows, a process keeps the id of its parent after that has ended. */
function isAlive(pid: number): boolean {
  if (process.platform !== 'win32') return true;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
