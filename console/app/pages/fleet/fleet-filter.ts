import type { AgentState } from '../../api/types.ts';
import { choiceField, choicesField, textField } from '../../url/url-state.ts';
import { columnsField } from './optional-columns.ts';

/** From the most to the least severe, as the gateway sorts them. */
export const states: readonly AgentState[] = [
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
  'stale',
  'disconnected',
  'degraded',
  'connected',
];
const drifts = ['version', 'content', 'none', 'unknown'] as const;

/** What the URL of the fleet keeps. */
export const fleetFields = {
  q: textField(),
  state: choicesField(states),
  pool: textField(),
  code: textField(),
  connector: textField(),
  drift: choicesField(drifts),
  version: textField(),
  sort: choiceField(['severity', 'name'], 'severity'),
  columns: columnsField,
};

export type FleetFilter = {
  readonly q: string;
  readonly state: readonly AgentState[];
  readonly pool: string;
  readonly code: string;
  readonly connector: string;
  readonly drift: readonly (typeof drifts)[number][];
  /** Of the configuration. */
  readonly version: string;
  readonly sort: 'severity' | 'name';
};

export const noFilter = {
  q: '',
  state: [],
  pool: '',
  code: '',
  connector: '',
  drift: [],
  version: '',
} as const;

export const isFiltered = (filter: FleetFilter): boolean =>
  Object.keys(queryOf({ ...filter, sort: 'name' })).length > 1;

/** The longest text that the gateway searches for. */
const MAX_SEARCH_LENGTH = 64;

/** The query of the API for a filter: what is empty is left out. */
export function queryOf({ q, state, pool, code, connector, drift, version, sort }: FleetFilter) {
  const text = q.trim().slice(0, MAX_SEARCH_LENGTH);
  return {
    sort,
    ...(text !== '' && { q: text }),
    ...(state.length > 0 && { state: state.join(',') }),
    ...(pool !== '' && { pool }),
    ...(code !== '' && { code }),
    ...(connector !== '' && { connector }),
    ...(drift.length > 0 && { drift: drift.join(',') }),
    ...(/^[1-9]\d{0,14}$/.test(version) && { configVersion: Number(version) }),
  };
}
