import type { AgentState } from '../../api/types.ts';
import { choiceField, choicesField, textField } from '../../url/url-state.ts';

export const states: readonly AgentState[] = [
  'quarantined',
  'identity-expired',
  'stale',
  'disconnected',
  'degraded',
  'draining',
  'connected',
  'revoked',
];

/** What the URL of the fleet keeps. */
export const fleetFields = {
  q: textField(),
  state: choicesField(states),
  pool: textField(),
  code: textField(),
  sort: choiceField(['severity', 'name'], 'severity'),
};

export type FleetFilter = {
  readonly q: string;
  readonly state: readonly AgentState[];
  readonly pool: string;
  readonly code: string;
  readonly sort: 'severity' | 'name';
};

export const noFilter = { q: '', state: [], pool: '', code: '' } as const;

export const isFiltered = ({ q, state, pool, code }: FleetFilter): boolean =>
  q !== '' || state.length > 0 || pool !== '' || code !== '';

type Filterable = {
  readonly name: string;
  readonly pool: string;
  readonly state: AgentState;
  readonly address?: string;
  readonly softwareVersion?: string;
  readonly reasons: readonly { readonly code: string }[];
};

/** The agents that a filter selects, in its order: what is worst comes first, and then by name. */
export function selectAgents<Row extends Filterable>(agents: readonly Row[], filter: FleetFilter): Row[] {
  const q = filter.q.trim().toLowerCase();
  const found = agents.filter(
    ({ name, pool, state, address = '', softwareVersion = '', reasons }) =>
      (filter.pool === '' || pool === filter.pool) &&
      (filter.state.length === 0 || filter.state.includes(state)) &&
      (filter.code === '' || reasons.some(({ code }) => code === filter.code)) &&
      (q === '' || [name, pool, address, softwareVersion].some((text) => text.toLowerCase().includes(q))),
  );
  const byName = (one: Row, other: Row) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0);
  if (filter.sort === 'name') return found.sort(byName);
  const rank = new Map(states.map((state, index) => [state, index]));
  const rankOf = ({ state }: Row) => rank.get(state) ?? states.length;
  return found.sort((one, other) => rankOf(one) - rankOf(other) || byName(one, other));
}

/** How many agents are in each state. */
export function countStates(
  agents: readonly { readonly state: AgentState }[],
): ReadonlyMap<AgentState, number> {
  const counts = new Map<AgentState, number>();
  for (const { state } of agents) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
