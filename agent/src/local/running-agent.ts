import { join } from 'node:path';
import type { AgentLocation, HostPort } from '@penstock/config-schema';
import { readFileIfPresent, removePrivateFile, writePrivateFile } from '@penstock/runtime';

/** In the identity directory, while an agent runs. */
const RUNNING_FILE = 'running.json';

/** What a running agent says about itself to the commands on its host. */
export type RunningAgent = {
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly listen: HostPort;
};

/** Addresses that accept connections to every address of the host. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Writes where this agent listens, so that commands need neither a valid configuration file nor its environment to ask it.
 * Dispose the result to remove the file. It is a convenience: a directory that cannot be written is not an error.
 */
export async function announceRunning(
  directory: string,
  listening: { readonly address: string; readonly port: number },
): Promise<AsyncDisposable> {
  const file = join(directory, RUNNING_FILE);
  const running: RunningAgent = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    listen: { host: LOOPBACK[listening.address] ?? listening.address, port: listening.port },
  };
  await writePrivateFile(file, `${JSON.stringify(running)}\n`).catch(() => {});
  return {
    [Symbol.asyncDispose]: () => removePrivateFile(file).catch(() => {}),
  };
}

/** The address of the agent that runs with a configuration file: what it announced, or else what the file says. */
export async function addressOfRunning({ directory, listen }: AgentLocation): Promise<HostPort | undefined> {
  return (directory === undefined ? undefined : await announcedIn(directory))?.listen ?? listen;
}

/** Undefined without a usable file. An agent that was killed leaves its file behind. */
export async function announcedIn(directory: string): Promise<RunningAgent | undefined> {
  try {
    const content: unknown = JSON.parse((await readFileIfPresent(join(directory, RUNNING_FILE))) ?? '');
    return isRunningAgent(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isRunningAgent(content: unknown): content is RunningAgent {
  const { pid, startedAt, listen } = (content ?? {}) as Partial<RunningAgent>;
  return (
    typeof pid === 'number' &&
    typeof startedAt === 'string' &&
    typeof listen?.host === 'string' &&
    Number.isInteger(listen.port) &&
    listen.port > 0 &&
    listen.port < 65_536
  );
}
