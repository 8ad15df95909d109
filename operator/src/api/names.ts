import { MAX_PAGE_SIZE } from '@penstock/api-schema';
import Type from 'typebox';
import type { ApiClient } from './api-client.ts';

/** The listings of the API whose items people name on a command line, and the field that they name. */
const fields = {
  agents: 'name',
  pools: 'name',
  connections: 'name',
  receivers: 'name',
  grants: 'id',
  alerts: 'id',
  approvals: 'id',
  'enrollment-tokens': 'id',
  'admin-tokens': 'id',
} as const;

export type Noun = keyof typeof fields;

export const isNoun = (text: string | undefined): text is Noun => text !== undefined && text in fields;

/** Only what is read, because a complete schema takes longer to compile than to fetch. */
const Listing = Type.Object({
  items: Type.Array(Type.Object({ id: Type.Optional(Type.String()), name: Type.Optional(Type.String()) })),
});

const Versions = Type.Object({ items: Type.Array(Type.Object({ version: Type.Integer() })) });

/** The names, or IDs, of the first page of a listing. */
export async function namesOf(api: Pick<ApiClient, 'ask'>, noun: Noun): Promise<string[]> {
  const { items } = await api.ask(Listing, 'GET', `${noun}?limit=${MAX_PAGE_SIZE}`);
  return items.map((item) => item[fields[noun]]).filter((name) => name !== undefined);
}

/** The newest published versions of a pool's agent.yaml, highest first. */
export async function versionsOf(api: Pick<ApiClient, 'ask'>, pool: string): Promise<string[]> {
  const query = new URLSearchParams({ pool, limit: String(MAX_PAGE_SIZE) });
  const { items } = await api.ask(Versions, 'GET', `config-versions?${query}`);
  return items.map(({ version }) => String(version));
}

const AgentConnectors = Type.Object({
  connectors: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
});

/** The connectors that an agent has reported. */
export async function connectorsOf(api: Pick<ApiClient, 'ask'>, agent: string): Promise<string[]> {
  const { connectors = [] } = await api.ask(AgentConnectors, 'GET', `agents/${encodeURIComponent(agent)}`);
  return connectors.map(({ name }) => name);
}
