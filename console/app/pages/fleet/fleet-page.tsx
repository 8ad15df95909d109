import './fleet.css';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Failed, NoMatch, Partial, Skeleton } from '../../parts/query-states.tsx';
import { useUrlState } from '../../url/use-url-state.ts';
import { AgentTable } from './agent-table.tsx';
import { Attention } from './attention.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { useFleet, useFleetCounts } from './fleet-api.ts';
import { type FleetFilter, fleetFields, isFiltered, noFilter } from './fleet-filter.ts';
import { FleetFilters, FleetOrder } from './fleet-filters.tsx';
import { FleetVerdict } from './fleet-verdict.tsx';
import { PoolCards } from './pool-cards.tsx';
import { useColumns } from './use-columns.ts';
import { useSelection } from './use-selection.ts';

/** Can the job run? */
export function FleetPage() {
  return (
    <Page
      title="Fleet"
      actions={
        <Link className="button button-primary" href="/add-agent">
          Add agent
        </Link>
      }
    >
      <FleetVerdict />
      <Attention />
      <PoolCards />
      <Agents />
    </Page>
  );
}

function Agents() {
  const [{ columns: fromUrl, ...filter }, change] = useUrlState(fleetFields);
  const columns = useColumns(fromUrl);
  const query = useFleet(filter);
  const all = useFleetCounts();
  const selection = useSelection();
  const [first] = query.data?.pages ?? [];
  const rows = query.data?.pages.flatMap(({ items }) => items);
  const total = all.data?.total ?? first?.total ?? 0;
  return (
    <Card
      isFlush
      title="Agents"
      aside={
        first !== undefined &&
        total > 0 && (
          <FleetOrder filter={filter} columns={columns} shown={first.total} total={total} onChange={change} />
        )
      }
    >
      {query.error !== null && (
        <Failed
          what="the agents"
          error={query.error}
          isBusy={query.isFetching}
          retry={() => void query.refetch()}
          isOld={rows !== undefined}
        />
      )}
      {first?.complete === false && (
        <Partial>
          The store of the gateway is not available: agents that enrolled recently may be missing.
        </Partial>
      )}
      {rows === undefined && query.error === null && <Skeleton lines={8} />}
      {first !== undefined && rows !== undefined && (
        <>
          {total > 0 && (
            <FleetFilters filter={filter} counts={all.data?.counts ?? first.counts} onChange={change} />
          )}
          <BulkBar selection={selection} rows={rows} filter={filter} matching={first.total} />
          <Rows filter={filter} total={total} clear={() => change(noFilter)}>
            {first.total > 0 && (
              <AgentTable
                rows={rows}
                selection={selection}
                total={first.total}
                columns={columns}
                orderKey={query.isPlaceholderData ? 'older' : JSON.stringify(filter)}
                onEnd={() => {
                  if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
                }}
              />
            )}
          </Rows>
        </>
      )}
    </Card>
  );
}

function Rows({
  filter,
  total,
  clear,
  children,
}: {
  readonly filter: FleetFilter;
  readonly total: number;
  readonly clear: () => void;
  readonly children: ReactNode;
}) {
  if (children) return children;
  if (isFiltered(filter)) return <NoMatch total={total} what="agents" clear={clear} />;
  return (
    <Empty
      title="No agent has enrolled yet."
      action={
        <Link className="button button-primary" href="/add-agent">
          Add the first agent
        </Link>
      }
    >
      An agent runs next to your databases and connects to this gateway by itself.
    </Empty>
  );
}
