import type { HostPort } from '@penstock/config-schema';
import { errorText } from '@penstock/wire';
import type { AgentStatus } from './status.ts';

const TIMEOUT = 3_000;

/** Asks the agent that runs on this host. Throws an Error that says where it was looked for. */
async function ask(listen: HostPort, path: string): Promise<{ status: number; body: unknown }> {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `http://${host}:${listen.port}${path}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    return { status: response.status, body: await response.json() };
  } catch (cause) {
    throw new Error(
      `No agent answers at ${url} (${errorText(cause instanceof Error ? (cause.cause ?? cause) : cause)}). ` +
        'Is it running, and with this file? Its address is local.listen.',
      { cause },
    );
  }
}

export async function fetchStatus(listen: HostPort): Promise<AgentStatus> {
  return (await ask(listen, '/status')).body as AgentStatus;
}

export async function fetchReadiness(
  listen: HostPort,
): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
  return (await ask(listen, '/readyz')).body as { ready: boolean; reasons: string[] };
}
