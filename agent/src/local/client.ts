import type { HostPort } from '@penstock/config-schema';
import type { PinnedComparison } from '@penstock/terminal';
import { errorText } from '@penstock/wire';
import type { AgentStatus } from './status.ts';

const TIMEOUT = 3_000;
/** Milliseconds when the agent has to ask the gateway first. */
const GATEWAY_TIMEOUT = 30_000;

/** Asks the agent that runs on this host. Throws an Error that says where it was looked for. */
async function ask(
  listen: HostPort,
  path: string,
  timeout: number = TIMEOUT,
): Promise<{ status: number; body: unknown }> {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `http://${host}:${listen.port}${path}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
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

/** Throws an Error with the agent's own words when it cannot tell. */
export async function fetchComparison(listen: HostPort): Promise<PinnedComparison> {
  const { status, body } = await ask(listen, '/pinned', GATEWAY_TIMEOUT);
  if (status === 200) return body as PinnedComparison;
  const detail =
    typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : `HTTP ${status}`;
  throw new Error(`The agent cannot tell what is pinned: ${detail}`);
}
