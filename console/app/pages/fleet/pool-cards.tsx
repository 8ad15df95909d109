import { Link } from 'wouter';
import type { Pool } from '../../api/types.ts';
import { Loaded } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { count } from '../../time/format.ts';
import { usePools } from '../config/config-api.ts';

/** Is each pool healthy enough to carry its connections? */
export function PoolCards() {
  const query = usePools();
  return (
    <Loaded query={query} what="the pools" lines={2}>
      {({ items }) => (
        <ul className="pool-cards">
          {items.map((pool) => (
            <PoolCard key={pool.name} pool={pool} />
          ))}
        </ul>
      )}
    </Loaded>
  );
}

function PoolCard({ pool }: { readonly pool: Pool }) {
  const { name, ready, minReady, healthy, agents, pinned, inSync, queue } = pool;
  // Revoked agents are listed for a while, and nobody expects them back.
  const total = Object.values(agents).reduce((sum, each) => sum + each, 0) - agents.revoked;
  return (
    <li className={`pool-card ${healthy ? '' : 'pool-card-bad'}`}>
      <div className="pool-card-head">
        <Link href={`/pools/${name}`}>
          <strong className="break">{name}</strong>
        </Link>
        <Badge
          tone={healthy ? 'ok' : 'bad'}
          word={healthy ? 'Ready' : ready === 0 ? 'No agent ready' : 'Too few ready'}
        />
      </div>
      <dl className="pool-card-figures">
        <Figure title="ready" value={`${count(ready)}/${count(total)}`} />
        <Figure title="minimum" value={count(minReady)} />
        <Figure
          title="in sync"
          value={pinned === 0 ? 'no pin' : `${count(inSync)}/${count(pinned)}`}
          isBad={inSync < pinned}
        />
        <Figure title="clients waiting" value={count(queue.waiting)} isBad={queue.waiting > 0} />
      </dl>
    </li>
  );
}

function Figure({
  title,
  value,
  isBad = false,
}: {
  readonly title: string;
  readonly value: string;
  readonly isBad?: boolean;
}) {
  return (
    <div>
      <dt>{title}</dt>
      <dd className={isBad ? 'state-bad' : undefined}>{value}</dd>
    </div>
  );
}
