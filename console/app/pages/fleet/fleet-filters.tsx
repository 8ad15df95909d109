import type { AgentState } from '../../api/types.ts';
import { DownloadButton } from '../../parts/download-button.tsx';
import { FilterChip } from '../../parts/filter-chip.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { AgentStateBadge } from '../../parts/state.tsx';
import { count, counted } from '../../time/format.ts';
import { ColumnsMenu } from './columns-menu.tsx';
import { type FleetFilter, isFiltered, noFilter, queryOf, states } from './fleet-filter.ts';
import type { OptionalColumn } from './optional-columns.ts';

export function FleetFilters({
  filter,
  counts,
  onChange,
}: {
  readonly filter: FleetFilter;
  /** All agents by state, without the filter. */
  readonly counts: Readonly<Record<string, number>>;
  readonly onChange: (changes: Partial<FleetFilter>) => void;
}) {
  const present = states.filter((state) => (counts[state] ?? 0) > 0 || filter.state.includes(state));
  const drifts = filter.drift.length > 0;
  const toggle = (state: AgentState) =>
    onChange({
      state: filter.state.includes(state)
        ? filter.state.filter((each) => each !== state)
        : [...filter.state, state],
    });
  return (
    <div className="card-head">
      <search className="filters">
        <SearchField
          label="Filter by name or address"
          placeholder="Filter agents"
          value={filter.q}
          onChange={(q) => onChange({ q })}
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
              <AgentStateBadge state={state} /> {count(counts[state] ?? 0)}
            </button>
          ))}
        </span>
        <FilterChip label="Pool" value={filter.pool} onClear={() => onChange({ pool: '' })} />
        <FilterChip value={filter.code} onClear={() => onChange({ code: '' })} />
        <FilterChip label="Runs version" value={filter.version} onClear={() => onChange({ version: '' })} />
        <FilterChip label="Connector" value={filter.connector} onClear={() => onChange({ connector: '' })} />
        <button
          type="button"
          className="chip"
          aria-pressed={drifts}
          onClick={() => onChange({ drift: drifts ? [] : ['version', 'content'] })}
        >
          Not as pinned
        </button>
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
    </div>
  );
}

const csvQuery = (filter: FleetFilter) => {
  const query = { ...queryOf(filter), view: 'row', limit: 500, format: 'csv' };
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
};

/** How many agents the filter selects, their order, and what is shown of them. */
export function FleetOrder({
  filter,
  columns,
  shown,
  total,
  onChange,
}: {
  readonly filter: FleetFilter;
  readonly columns: readonly OptionalColumn[];
  readonly shown: number;
  readonly total: number;
  readonly onChange: (
    changes: Partial<FleetFilter & { readonly columns: readonly OptionalColumn[] }>,
  ) => void;
}) {
  return (
    <>
      <span role="status">
        {shown === total ? counted(total, 'agent') : `${count(shown)} of ${count(total)}`}
      </span>
      <DownloadButton path={`/api/v1/agents?${csvQuery(filter)}`} file="penstock-agents.csv">
        CSV
      </DownloadButton>
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
      <ColumnsMenu shown={columns} onChange={(next) => onChange({ columns: next })} />
    </>
  );
}
