import type { AgentState } from '../../api/types.ts';
import { AgentStateBadge } from '../../parts/state.tsx';
import { count } from '../../time/format.ts';
import { type FleetFilter, isFiltered, noFilter, states } from './fleet-filter.ts';

export function FleetFilters({
  filter,
  counts,
  shown,
  total,
  isLoadingMore,
  onChange,
}: {
  readonly filter: FleetFilter;
  readonly counts: ReadonlyMap<AgentState, number>;
  readonly shown: number;
  readonly total: number;
  readonly isLoadingMore: boolean;
  readonly onChange: (changes: Partial<FleetFilter>) => void;
}) {
  const present = states.filter((state) => counts.has(state) || filter.state.includes(state));
  const toggle = (state: AgentState) =>
    onChange({
      state: filter.state.includes(state)
        ? filter.state.filter((each) => each !== state)
        : [...filter.state, state],
    });
  return (
    <div className="card-head">
      <search className="filters">
        <input
          className="input"
          type="search"
          aria-label="Filter by name, pool, address, or version"
          placeholder="Filter agents"
          value={filter.q}
          onChange={(event) => onChange({ q: event.target.value })}
        />
        <span className="chips">
          {present.map((state) => (
            <button
              key={state}
              type="button"
              className="chip"
              aria-pressed={filter.state.includes(state)}
              onClick={() => toggle(state)}
            >
              <AgentStateBadge state={state} /> {count(counts.get(state) ?? 0)}
            </button>
          ))}
        </span>
        {filter.pool !== '' && (
          <button type="button" className="chip" aria-pressed="true" onClick={() => onChange({ pool: '' })}>
            Pool {filter.pool} <span aria-hidden="true">✕</span>
          </button>
        )}
        {filter.code !== '' && (
          <button type="button" className="chip" aria-pressed="true" onClick={() => onChange({ code: '' })}>
            {filter.code} <span aria-hidden="true">✕</span>
          </button>
        )}
        {isFiltered(filter) && (
          <button
            type="button"
            className="button button-quiet button-small"
            onClick={() => onChange(noFilter)}
          >
            Clear filters
          </button>
        )}
      </search>
      <span className="card-aside">
        <span role="status">
          {shown === total ? count(total) : `${count(shown)} of ${count(total)}`}
          {isLoadingMore && ' so far'}
        </span>
        <label>
          Order{' '}
          <select
            className="input-small"
            value={filter.sort}
            onChange={(event) => onChange({ sort: event.target.value === 'name' ? 'name' : 'severity' })}
          >
            <option value="severity">worst first</option>
            <option value="name">by name</option>
          </select>
        </label>
      </span>
    </div>
  );
}
