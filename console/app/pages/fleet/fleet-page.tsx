import './fleet.css';
import { useMemo } from 'react';
import { Link } from 'wouter';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Failed, NoMatch, Partial, Skeleton } from '../../parts/query-states.tsx';
import { useUrlState } from '../../url/use-url-state.ts';
import { AgentTable } from './agent-table.tsx';
import { useFleet } from './fleet-api.ts';
import { countStates, fleetFields, isFiltered, noFilter, selectAgents } from './fleet-filter.ts';
import { FleetFilters } from './fleet-filters.tsx';
import { PoolCards } from './pool-cards.tsx';

/** Can the job run? */
export function FleetPage() {
  const [filter, change] = useUrlState(fleetFields);
  const { query, agents, isComplete, isLoadingMore } = useFleet();
  const shown = useMemo(
    () => (agents === undefined ? undefined : selectAgents(agents, filter)),
    [agents, filter],
  );
  const counts = useMemo(() => countStates(agents ?? []), [agents]);
  return (
    <Page
      title="Fleet"
      actions={
        <Link className="button button-primary" href="/add-agent">
          Add agent
        </Link>
      }
    >
      <PoolCards />
      <Card isFlush title="Agents">
        {query.error !== null && (
          <Failed
            what="the agents"
            error={query.error}
            isBusy={query.isFetching}
            retry={() => void query.refetch()}
            isOld={agents !== undefined}
          />
        )}
        {!isComplete && (
          <Partial>
            The store of the gateway is not available: agents that enrolled recently may be missing.
          </Partial>
        )}
        {agents === undefined && query.error === null && <Skeleton lines={8} />}
        {agents !== undefined && shown !== undefined && (
          <>
            {agents.length > 0 && (
              <FleetFilters
                filter={filter}
                counts={counts}
                shown={shown.length}
                total={agents.length}
                isLoadingMore={isLoadingMore}
                onChange={change}
              />
            )}
            {agents.length === 0 ? (
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
            ) : shown.length === 0 && isFiltered(filter) ? (
              <NoMatch total={agents.length} what="agents" clear={() => change(noFilter)} />
            ) : (
              <AgentTable agents={shown} orderKey={JSON.stringify(filter)} />
            )}
          </>
        )}
      </Card>
    </Page>
  );
}
