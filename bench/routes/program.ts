import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Child } from '../process/child.ts';
import { pause } from '../process/deadline.ts';
import { familyOf } from '../process/usage.ts';
import type { RouteProcess } from './route.ts';

const run = promisify(execFile);

/** Returns the version output of a program (stdout and stderr), or undefined if it is not installed. */
export async function versionOf(command: string, parameter: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, [parameter], { timeout: 5000 });
    return `${stdout}${stderr}`.trim();
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: unknown };
    return code === 'ENOENT' || typeof stderr !== 'string' ? undefined : stderr.trim();
  }
}

/** Settles a program without garbage collection by waiting a moment. */
export function processOf(role: 'gateway' | 'agent', child: Child): RouteProcess {
  return { role, pids: () => familyOf(child.pid), settle: () => pause(200) };
}
