import { Link } from 'wouter';
import type { Connection } from '../../api/types.ts';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Loaded, NoMatch } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { count, counted } from '../../time/format.ts';
import { choicesField, textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import type { JudgedConnection } from './connection-health.ts';
import { HealthBadge } from './health-badge.tsx';
import { ingressText } from './ingress-text.ts';
import { useConnectionHealth } from './use-connection-health.ts';
import { useConnections } from './use-connections.ts';

const fields = { q: textField(), show: choicesField(['failing', 'waiting'] as const) };

/** Which routes exist, and which of them need a look. */
export function ConnectionsPage() {
  const query = useConnections();
  const health = new Map(useConnectionHealth()?.map((each) => [each.name, each]));
  const isWrong = (name: string) => (health.get(name)?.health ?? 'ready') !== 'ready';
  const [{ q, show }, change] = useUrlState(fields);
  const failing = show.includes('failing');
  const waiting = show.includes('waiting');
  return (
    <Page
      title="Connections"
      lead="The routes in gateway.yaml: from an ingress, through an agent of a pool, to a target"
    >
      <Card isFlush>
        <Loaded query={query} what="the connections">
          {({ items }) => {
            if (items.length === 0) {
              return (
                <Empty title="No connection is configured.">
                  Add one under <code>connections</code> in gateway.yaml, and reload the gateway.
                </Empty>
              );
            }
            const shown = items.filter(
              (each) =>
                matches(each, q) && (!failing || isWrong(each.name)) && (!waiting || each.waiting > 0),
            );
            return (
              <>
                <div className="card-head">
                  <search className="filters">
                    <input
                      className="input"
                      type="search"
                      aria-label="Filter by name, connector, pool, or address"
                      placeholder="Filter"
                      value={q}
                      onChange={(event) => change({ q: event.target.value })}
                    />
                    <button
                      type="button"
                      className="chip"
                      aria-pressed={failing}
                      onClick={() => change({ show: toggled(show, 'failing') })}
                    >
                      Not ready
                    </button>
                    <button
                      type="button"
                      className="chip"
                      aria-pressed={waiting}
                      onClick={() => change({ show: toggled(show, 'waiting') })}
                    >
                      Clients waiting
                    </button>
                  </search>
                  <span className="soft">
                    {shown.length === items.length
                      ? counted(items.length, 'connection')
                      : `${shown.length} of ${counted(items.length, 'connection')}`}
                    {' · totals since the gateway started'}
                  </span>
                </div>
                {shown.length === 0 ? (
                  <NoMatch
                    total={items.length}
                    what="connections"
                    clear={() => change({ q: '', show: [] })}
                  />
                ) : (
                  <ConnectionTable items={shown} health={health} />
                )}
              </>
            );
          }}
        </Loaded>
      </Card>
    </Page>
  );
}

const toggled = <Item,>(items: readonly Item[], item: Item): readonly Item[] =>
  items.includes(item) ? items.filter((each) => each !== item) : [...items, item];

function matches({ name, connector, pools, ingress }: Connection, q: string): boolean {
  const text = [name, connector, ...pools, ...ingress.map(ingressText)].join(' ').toLowerCase();
  return text.includes(q.trim().toLowerCase());
}

function ConnectionTable({
  items,
  health,
}: {
  readonly items: readonly Connection[];
  readonly health: ReadonlyMap<string, JudgedConnection>;
}) {
  return (
    <Table
      label="Connections"
      rows={items}
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
          key: 'health',
          title: 'State',
          isEmpty: ({ name }) => !health.has(name),
          cell({ name }) {
            const judged = health.get(name);
            return (
              judged !== undefined && (
                <>
                  <HealthBadge health={judged.health} />
                  {judged.reason !== undefined && <div className="soft small">{judged.reason}</div>}
                </>
              )
            );
          },
        },
        {
          key: 'target',
          title: 'Connector',
          cell: ({ connector, kind }) => (
            <>
              {connector} {kind !== undefined && <span className="faint">{kind}</span>}
            </>
          ),
        },
        {
          key: 'pools',
          title: 'Pools, in order',
          cell: ({ pools }) =>
            pools.map((pool, index) => (
              <span key={pool}>
                {index > 0 && ' → '}
                <Link href={`/pools/${pool}`}>{pool}</Link>
              </span>
            )),
        },
        {
          key: 'ingress',
          title: 'Ingress',
          isEmpty: ({ ingress }) => ingress.length === 0,
          cell: ({ ingress }) => (
            <ul>
              {ingress.map((each) => (
                <li key={ingressText(each)}>
                  <code className="nowrap">{ingressText(each)}</code>
                </li>
              ))}
            </ul>
          ),
        },
        { key: 'open', title: 'Open', isNumber: true, cell: ({ open }) => count(open) },
        {
          key: 'waiting',
          title: 'Waiting',
          isNumber: true,
          isEmpty: ({ waiting }) => waiting === 0,
          cell: ({ waiting }) => (waiting > 0 ? <Badge tone="warn" word={count(waiting)} /> : '0'),
        },
        { key: 'opened', title: 'Opened', isNumber: true, cell: ({ openedTotal }) => count(openedTotal) },
        {
          key: 'failed',
          title: 'Failed',
          isNumber: true,
          isEmpty: ({ failedTotal }) => failedTotal === 0,
          cell: ({ failedTotal }) => count(failedTotal),
        },
        {
          key: 'denied',
          title: 'Denied',
          isNumber: true,
          isEmpty: ({ deniedTotal }) => deniedTotal === 0,
          cell: ({ deniedTotal }) => count(deniedTotal),
        },
      ]}
    />
  );
}
