import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Charts, ChartsCard, useRange } from '../../parts/charts-card.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { count } from '../../time/format.ts';

const REFRESH_MS = 20_000;
const whole = (value: number) => count(Math.round(value));

/** Whether a pool had room in the last hour or day. */
export function PoolCharts({ name }: { readonly name: string }) {
  const [range, setRange] = useRange();
  const query = useQuery({
    queryKey: [resource.history, 'pool', name, range],
    queryFn: () =>
      ask(
        GET('/api/v1/pools/{name}/history', {
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
              { label: 'Ready agents', values: history.ready, format: whole },
              { label: 'Streams', values: history.streams, format: whole },
              { label: 'Waiting clients', values: history.waiting, format: whole },
              { label: 'Sessions', values: history.sessions, format: whole },
            ]}
          />
        )}
      </Loaded>
    </ChartsCard>
  );
}
