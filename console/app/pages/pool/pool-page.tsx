import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AgentState, Pool } from '../../api/types.ts';
import { Card, Facts, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { AgentStateBadge, Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { count, counted } from '../../time/format.ts';
import { Stamp } from '../agent/agent-overview.tsx';
import { usePins } from '../config/config-api.ts';
import { useConnections } from '../connections/use-connections.ts';
import { PoolCharts } from './pool-charts.tsx';
import { PoolRollouts } from './pool-rollouts.tsx';

/** Is there room, and which connections depend on it? */
export function PoolPage() {
  const { name = '' } = useParams<{ name: string }>();
  const query = useQuery({
    queryKey: [resource.pools, name],
    queryFn: () => ask(GET('/api/v1/pools/{name}', { params: { path: { name } }, headers: inBackground })),
  });
  return (
    <Page
      title={name}
      heading={
        <>
          Pool {name} {query.data !== undefined && <Health pool={query.data} />}
        </>
      }
      actions={
        <>
          <Link className="button" href={`/fleet?pool=${name}`}>
            Agents
          </Link>
          <Link className="button" href={`/config/${name}`}>
            Configuration
          </Link>
          <Link className="button button-primary" href={`/add-agent?pool=${name}`}>
            Add agent
          </Link>
        </>
      }
    >
      <Loaded query={query} what={`pool ${name}`} lines={6}>
        {(pool) => (
          <>
            <Card title="Capacity">
              <Room pool={pool} />
            </Card>
            <PoolCharts name={name} />
            <Card title="Connections that use this pool" isFlush>
              <Users pool={name} />
            </Card>
            <PoolRollouts pool={name} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

export function Health({ pool }: { readonly pool: Pool }) {
  if (pool.healthy) return <Badge tone="ok" word="Ready" />;
  return <Badge tone="bad" word={pool.ready === 0 ? 'No agent ready' : 'Too few ready'} />;
}

function Room({ pool }: { readonly pool: Pool }) {
  const pins = usePins();
  const pin = pins.data?.items.find(({ scope, name }) => scope === 'pool' && name === pool.name);
  // Nobody expects revoked agents back.
  const total = Object.values(pool.agents).reduce((sum, each) => sum + each, 0) - pool.agents.revoked;
  const states = (Object.entries(pool.agents) as [AgentState, number][]).filter(([, number]) => number > 0);
  return (
    <>
      <Facts
        items={[
          [
            'Ready agents',
            `${count(pool.ready)} of ${count(total)}, at least ${count(pool.minReady)} needed`,
          ],
          ['Sessions', count(pool.sessions)],
          ['Streams', `${count(pool.streams.open)} open, ${count(pool.streams.opening)} opening`],
          ['Waiting clients', `${count(pool.queue.waiting)} of ${count(pool.queue.limit)}`],
          ['Needs approval', pool.requireApproval.join(', ') || 'nothing'],
          ['Pinning', pool.pinning],
          ['Pin', pin === undefined ? 'none' : <Stamp key="stamp" {...pin} />],
        ]}
      />
      <QueueMeter pool={pool} />
      <ul className="chips">
        {states.map(([state, number]) => (
          <li key={state}>
            <Link className="chip" href={`/fleet?pool=${pool.name}&state=${state}`}>
              <AgentStateBadge state={state} /> {number}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

/** How full the queue is: clients beyond its limit are refused. */
function QueueMeter({ pool }: { readonly pool: Pool }) {
  const { waiting, limit } = pool.queue;
  if (waiting === 0) return null;
  return (
    <label>
      Queue <meter min={0} max={limit} high={limit * 0.8} value={waiting} /> {counted(waiting, 'client')}{' '}
      waiting for an agent
    </label>
  );
}

function Users({ pool }: { readonly pool: string }) {
  const query = useConnections();
  return (
    <Loaded query={query} what="the connections">
      {({ items }) => {
        const users = items.filter(({ pools }) => pools.includes(pool));
        if (users.length === 0)
          return <p className="empty soft">No connection of gateway.yaml lists this pool.</p>;
        return (
          <Table
            label="Connections"
            rows={users}
            keyOf={({ name }) => name}
            columns={[
              {
                key: 'name',
                title: 'Connection',
                isMain: true,
                cell: ({ name }) => (
                  <Link href={`/connections/${name}`}>
                    <strong>{name}</strong>
                  </Link>
                ),
              },
              {
                key: 'order',
                title: 'Preference',
                cell: ({ pools }) => `${pools.indexOf(pool) + 1} of ${pools.length}`,
              },
              { key: 'open', title: 'Open', isNumber: true, cell: ({ open }) => count(open) },
              { key: 'waiting', title: 'Waiting', isNumber: true, cell: ({ waiting }) => count(waiting) },
            ]}
          />
        );
      }}
    </Loaded>
  );
}
