import { here, type Place } from '../process/child.ts';
import { executeNode } from '../process/execute.ts';
import { names } from './penstock-files.ts';
import { penstockPrograms } from './penstock-programs.ts';
import type { Address } from './route.ts';

/** The output of `init`: certificate pins, with the one in use first, and the token for the API. */
export type Setup = { readonly pins: readonly string[]; readonly adminToken: string };

export async function initialize(gatewayYaml: string): Promise<Setup> {
  const { gateway } = await penstockPrograms();
  const printed = await executeNode(gateway, ['init', '--config', gatewayYaml, '--output', 'json'], here);
  const { pins, adminToken } = JSON.parse(printed) as { pins: string[]; adminToken: { token: string } };
  return { pins, adminToken: adminToken.token };
}

/** The API of a running gateway, called with its own command line in the gateway's namespace. */
export type Api = { readonly place: Place; readonly admin: Address; readonly adminToken: string };

export async function createToken(api: Api, uses: number): Promise<string> {
  const use = ['--pool', names.pool, '--uses', String(uses), '--ttl', '1h'];
  return (await ask<{ token: string }>(api, ['token', 'create', ...use])).token;
}

/** Returns the number of sessions that the agent has with this gateway. */
export async function sessionsOf(api: Api, agent: string): Promise<number> {
  type Listing = { items: { name: string; sessions: { open: number } }[] };
  const { items } = await ask<Listing>(api, ['agent', 'list']);
  return items.find(({ name }) => name === agent)?.sessions.open ?? 0;
}

async function ask<Answer>(
  { place, admin, adminToken }: Api,
  parameters: readonly string[],
): Promise<Answer> {
  const { gateway } = await penstockPrograms();
  const printed = await executeNode(gateway, [...parameters, '--output', 'json'], place, {
    PENSTOCK_URL: `http://${admin.host}:${admin.port}`,
    PENSTOCK_TOKEN: adminToken,
  });
  return JSON.parse(printed) as Answer;
}
