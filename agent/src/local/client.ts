import type { HostPort } from '@penstock/config-schema';
import type { PinnedComparison } from '@penstock/terminal';
import { errorText } from '@penstock/wire';
import { getJson } from './get-json.ts';
import type { AgentStatus } from './status.ts';

const TIMEOUT_MS = 3_000;
/** For answers that the agent must request from the gateway first. */
const GATEWAY_TIMEOUT_MS = 30_000;

/** Queries the agent that runs on this host. Throws an Error that names the address. */
async function query(
  listen: HostPort,
  path: string,
  timeout: number = TIMEOUT_MS,
): Promise<{ status: number; body: unknown }> {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const url = `http://${host}:${listen.port}${path}`;
  try {
    return await getJson(url, AbortSignal.timeout(timeout));
  } catch (cause) {
    throw new Error(
      `No agent answers at ${url} (${errorText(cause)}). ` +
        'Check that the agent is running with this configuration file and that local.listen is its address.',
      { cause },
    );
  }
}

export async function fetchStatus(listen: HostPort): Promise<AgentStatus> {
  return (await query(listen, '/status')).body as AgentStatus;
}

export async function fetchReadiness(
  listen: HostPort,
): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
  return (await query(listen, '/readyz')).body as { ready: boolean; reasons: string[] };
}

/** Throws an Error with the agent's message when it cannot compare. */
export async function fetchComparison(listen: HostPort): Promise<PinnedComparison> {
  const { status, body } = await query(listen, '/pinned', GATEWAY_TIMEOUT_MS);
  if (status === 200) return body as PinnedComparison;
  const detail =
    typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : `HTTP ${status}`;
  throw new Error(`The agent could not get the pinned configuration: ${detail}`);
}
