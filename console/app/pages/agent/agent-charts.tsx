import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Charts, ChartsCard, useRange } from '../../parts/charts-card.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { count, milliseconds, percent } from '../../time/format.ts';

const REFRESH_MS = 20_000;

/** What an agent has measured in the last hour or day. */
export function AgentCharts({ name }: { readonly name: string }) {
  const [range, setRange] = useRange();
  const query = useQuery({
    queryKey: [resource.history, 'agent', name, range],
    queryFn: () =>
      ask(
        GET('/api/v1/agents/{name}/history', {
          params: { path: { name }, query: { range } },
          headers: inBackground,
        }),
      ),
    refetchInterval: REFRESH_MS,
  });
  return (
    <ChartsCard title="Over time" range={range} onRange={setRange}>
      <Loaded query={query} what="the history" lines={4}>
        {(history) => (
          <Charts
            history={history}
            series={[
              { label: 'Streams', values: history.streams, format: (value) => count(Math.round(value)) },
              { label: 'Round trip', values: history.roundTripMs, format: milliseconds },
              { label: 'Event loop p99', values: history.eventLoopP99Ms, format: milliseconds },
              { label: 'CPU load', values: history.cpuLoad, format: (value) => value.toFixed(2) },
              { label: 'Memory used', values: history.memoryUsed, format: percent },
              {
                label: 'Clock skew',
                values: history.skewSeconds.map((value) => (value === null ? null : Math.abs(value) * 1000)),
                format: milliseconds,
              },
            ]}
          />
        )}
      </Loaded>
    </ChartsCard>
  );
}
