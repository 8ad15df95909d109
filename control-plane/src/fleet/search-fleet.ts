import { type AgentState, agentStates, type ConditionCode } from '@penstock/api-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import type { AgentView } from './agent-view.ts';

/** What a search reads of an agent: cheap to make for every agent of the fleet. */
export type ListedAgent = Pick<
  AgentView,
  'name' | 'pool' | 'state' | 'reasons' | 'address' | 'config' | 'softwareVersion' | 'connectors' | 'checks'
> & { readonly pin: Pick<NonNullable<AgentView['pin']>, 'drift'> | undefined };

export type StateCounts = Readonly<Record<AgentState, number>>;
export type FleetOrder = 'name' | 'severity';
/** The last agent of the previous page. */
export type FleetPlace = { readonly state: AgentState; readonly name: string };

/** The fleet as a search reads it. */
export type SearchedFleet = {
  readonly stateCounts: StateCounts;
  listed(order: FleetOrder, after?: FleetPlace): Iterable<ListedAgent>;
};

/** Every given field must match; a field with several values matches one of them. */
export type FleetFilter = {
  /** Part of the name or the address, in any case. */
  readonly q?: string | undefined;
  readonly states?: ReadonlySet<AgentState> | undefined;
  readonly codes?: ReadonlySet<ConditionCode> | undefined;
  readonly pool?: string | undefined;
  readonly drifts?: ReadonlySet<'none' | 'version' | 'content' | 'unknown'> | undefined;
  readonly softwareVersion?: string | undefined;
  readonly configVersion?: number | undefined;
  readonly connector?: string | undefined;
};

export type FoundAgents = {
  /** Names of one page, in order. */
  readonly names: readonly string[];
  /** The last agent of the page, unless it is the last one of all. */
  readonly next: FleetPlace | undefined;
  /** Of all pages. */
  readonly total: number;
  readonly counts: StateCounts;
};

export type FleetSearch = {
  readonly filter: FleetFilter;
  readonly order: FleetOrder;
  readonly after: FleetPlace | undefined;
  readonly limit: number;
};

const isEmpty = (filter: FleetFilter) => Object.values(filter).every((value) => value === undefined);

/** Finds one page of agents, and counts those of all pages, in slices of the event loop. */
export async function searchFleet(
  fleet: SearchedFleet,
  { filter, order, after, limit }: FleetSearch,
  clock: Clock,
): Promise<FoundAgents> {
  if (isEmpty(filter)) {
    const counts = fleet.stateCounts;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const { page, next } = firstOf(fleet.listed(order, after), limit);
    return { names: page, next, total, counts };
  }
  const counts = Object.fromEntries(agentStates.map((state) => [state, 0])) as Record<AgentState, number>;
  const matches = matcherOf(filter);
  const names = new Set<string>();
  let last: FleetPlace | undefined;
  let hasMore = false;
  let total = 0;
  await inSlices(
    fleet.listed(order),
    (agent) => {
      if (!matches(agent)) return;
      total += 1;
      counts[agent.state] += 1;
      if (after !== undefined && !isAfter(agent, after, order)) return;
      if (names.size === limit) {
        hasMore ||= !names.has(agent.name);
        return;
      }
      names.add(agent.name);
      last = { state: agent.state, name: agent.name };
    },
    clock,
  );
  return { names: [...names], next: hasMore ? last : undefined, total, counts };
}

function firstOf(agents: Iterable<ListedAgent>, limit: number) {
  const page: string[] = [];
  let last: FleetPlace | undefined;
  for (const { name, state } of agents) {
    if (page.length === limit) return { page, next: last };
    page.push(name);
    last = { name, state };
  }
  return { page, next: undefined };
}

function isAfter({ state, name }: ListedAgent, place: FleetPlace, order: FleetOrder): boolean {
  if (order === 'name' || state === place.state) return name > place.name;
  return agentStates.indexOf(state) > agentStates.indexOf(place.state);
}

/** Returns a function that says whether an agent matches the filter. */
export function matcherOf(filter: FleetFilter): (agent: ListedAgent) => boolean {
  const { states, codes, pool, drifts, softwareVersion, configVersion, connector } = filter;
  const q = filter.q?.toLowerCase();
  // What is cheap and excludes most agents comes first.
  return (agent) =>
    (q === undefined || agent.name.toLowerCase().includes(q) || (agent.address?.includes(q) ?? false)) &&
    (pool === undefined || agent.pool === pool) &&
    (states === undefined || states.has(agent.state)) &&
    (codes === undefined || agent.reasons.some(({ code }) => codes.has(code))) &&
    (drifts === undefined || drifts.has(agent.pin?.drift ?? 'unknown')) &&
    (softwareVersion === undefined || agent.softwareVersion === softwareVersion) &&
    (configVersion === undefined || agent.config?.version === configVersion) &&
    (connector === undefined || (agent.connectors ?? []).some(({ name }) => name === connector));
}
