import { MAX_PAGE_SIZE } from '@penstock/api-schema';
import { type Static, type TSchema, Type } from '@penstock/json-schema';

/** What is needed of the client of the API. */
export type Listings = {
  ask<Answer extends TSchema>(schema: Answer, method: 'GET', path: string): Promise<Static<Answer>>;
};

/** The listings of the API whose items people name on a command line, and the field that they name. */
const fields = {
  agents: 'name',
  pools: 'name',
  connections: 'name',
  receivers: 'name',
  grants: 'id',
  alerts: 'id',
  silences: 'id',
  approvals: 'id',
  rollouts: 'id',
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
export async function namesOf(api: Listings, noun: Noun): Promise<string[]> {
  const { items } = await api.ask(Listing, 'GET', `${noun}?limit=${MAX_PAGE_SIZE}`);
  return items.map((item) => item[fields[noun]]).filter((name) => name !== undefined);
}

/** The newest published versions of a pool's agent.yaml, highest first. */
export async function versionsOf(api: Listings, pool: string): Promise<string[]> {
  const query = new URLSearchParams({ pool, limit: String(MAX_PAGE_SIZE) });
  const { items } = await api.ask(Versions, 'GET', `config-versions?${query}`);
  return items.map(({ version }) => String(version));
}

const AgentConnectors = Type.Object({
  connectors: Type.Optional(Type.Array(Type.Object({ name: Type.String() }))),
});

/** The connectors that an agent has reported. */
export async function connectorsOf(api: Listings, agent: string): Promise<string[]> {
  const { connectors = [] } = await api.ask(AgentConnectors, 'GET', `agents/${encodeURIComponent(agent)}`);
  return connectors.map(({ name }) => name);
}
