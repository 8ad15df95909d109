import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Card } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { RolloutTable } from '../rollouts/rollout-table.tsx';

/** The newest rollouts, of which those of one pool are shown. */
const LOOKED_AT = 100;

/** What is being rolled out to a pool, and what was lately. */
export function PoolRollouts({ pool }: { readonly pool: string }) {
  const query = useQuery({
    queryKey: [resource.rollouts, 'newest'],
    queryFn: () =>
      ask(GET('/api/v1/rollouts', { params: { query: { limit: LOOKED_AT } }, headers: inBackground })),
  });
  return (
    <Card title="Rollouts" isFlush aside={<Link href="/rollouts">All rollouts</Link>}>
      <Loaded query={query} what="the rollouts">
        {({ items }) => {
          const own = items.filter(({ pools }) => pools.includes(pool));
          if (own.length === 0) return <p className="empty soft">No recent rollouts for this pool.</p>;
          return <RolloutTable items={own} />;
        }}
      </Loaded>
    </Card>
  );
}
