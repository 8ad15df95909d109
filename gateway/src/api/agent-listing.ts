import type { AgentView } from '../fleet/agent-view.ts';
import type { Store } from '../store/open-store.ts';
import { StoreError } from '../store/store-error.ts';
import { type AgentResource, absentAgent, connectedAgent } from './agent-resource.ts';

export type AgentListing = {
  readonly items: AgentResource[];
  readonly nextCursor?: string;
  /** False when the store did not answer: then only agents with a session are listed. */
  readonly complete: boolean;
};

type Page = { readonly cursor?: string | undefined; readonly limit: number };

/** Agents by name, page by page: those that enrolled, joined with what their sessions tell. */
export async function listAgents(
  store: Pick<Store, 'agents' | 'identities'>,
  live: readonly AgentView[],
  { cursor = '', limit }: Page,
  now: number,
): Promise<AgentListing> {
  const stored = await unlessStoreFails(() => storedAgents(store, cursor, limit));
  const connected = live.filter(({ name }) => name > cursor);
  const enrolledAt = new Map(stored?.map(({ id, createdAt }) => [id, createdAt]));
  const present = new Set(connected.map(({ id }) => id));
  const absent = (stored ?? []).filter(({ id }) => !present.has(id));
  const items = [
    ...connected.map((view) => connectedAgent(view, enrolledAt.get(view.id))),
    ...absent.map((agent) => absentAgent(agent, agent.notAfter, now)),
  ].sort(byName);
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const more = items.length > limit || stored?.length === limit;
  return {
    items: page,
    ...(more && last !== undefined && { nextCursor: last.name }),
    complete: stored !== undefined,
  };
}

/** The one agent of a name, or undefined. Throws StoreError when only the store could tell. */
export async function findAgent(
  store: Pick<Store, 'agents' | 'identities'>,
  live: readonly AgentView[],
  name: string,
  now: number,
): Promise<AgentResource | undefined> {
  const view = live.find((each) => each.name === name);
  if (view !== undefined) {
    const row = await unlessStoreFails(() => store.agents.byId(view.id));
    return connectedAgent(view, row?.createdAt);
  }
  const agent = await store.agents.byName(name);
  if (agent === undefined) return undefined;
  return absentAgent(agent, (await store.identities.latest(agent.id))?.notAfter, now);
}

async function storedAgents(store: Pick<Store, 'agents' | 'identities'>, after: string, limit: number) {
  const agents = await store.agents.list({ after, limit });
  const notAfter = await store.identities.notAfterOf(agents.map(({ id }) => id));
  return agents.map((agent) => ({ ...agent, notAfter: notAfter.get(agent.id) }));
}

/** What is connected can be told without the store, so its failure does not fail the request. */
async function unlessStoreFails<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** By code units, as the store sorts. */
const byName = (one: AgentResource, other: AgentResource) =>
  one.name < other.name ? -1 : Number(one.name > other.name);
