import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { ask, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { LogEntry } from '../../api/types.ts';
import { Button } from '../../parts/button.tsx';
import { DownloadButton } from '../../parts/download-button.tsx';
import { Card } from '../../parts/page.tsx';
import { useSince } from '../../parts/period.tsx';
import { Empty, Failed, NoMatch, Partial, Skeleton } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Since, TimeOf } from '../../parts/time.tsx';
import { bytes, duration, milliseconds } from '../../time/format.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { RevokeButton } from '../access/revoke-button.tsx';
import { ConnectionLogFilters, logFields, noFilter } from './connection-log-filters.tsx';

const REFRESH_MS = 5_000;

/** Who connected when, through which agent, how much was sent, and how it ended. */
export function ConnectionLogView({
  connection,
  only,
}: {
  readonly connection: string;
  readonly only?: 'open';
}) {
  const [chosen, change] = useUrlState(logFields);
  // The same URL has the filters of both listings.
  const { state, code, period, client, agent } =
    only === undefined ? chosen : { ...noFilter, client: chosen.client, agent: chosen.agent };
  const since = useSince(period);
  const wanted = only ?? (state === 'any' ? undefined : state);
  const filter = {
    connection,
    ...(wanted !== undefined && { state: wanted }),
    ...(code !== 'any' && { code }),
    ...(since !== undefined && { since }),
    ...(client !== '' && { client }),
    ...(agent !== '' && { agent }),
  };
  const query = useInfiniteQuery({
    queryKey: [resource.connectionLog, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        GET('/api/v1/connection-log', {
          params: { query: { ...filter, limit: 100, ...(pageParam !== undefined && { cursor: pageParam }) } },
          headers: inBackground,
        }),
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // Once older pages are read, new rows would move them.
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? false : REFRESH_MS),
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  const isFiltered = [state, code, period].some((each) => each !== 'any') || client !== '' || agent !== '';
  return (
    <Card isFlush>
      <div className="card-head">
        <ConnectionLogFilters filter={chosen} only={only} change={change} />
        <DownloadButton
          path={`/api/v1/connection-log?${new URLSearchParams({ ...filter, limit: '500', format: 'csv' })}`}
          file="penstock-connections.csv"
        >
          CSV
        </DownloadButton>
      </div>
      {query.error !== null && (
        <Failed
          what="the connection log"
          error={query.error}
          isBusy={query.isFetching}
          retry={() => void query.refetch()}
          isOld={items !== undefined}
        />
      )}
      {query.data?.pages[0]?.store === 'off' && (
        <Partial>
          The gateway does not keep ended connections: connectionLog.store is off in gateway.yaml.
        </Partial>
      )}
      {items === undefined && query.error === null && <Skeleton lines={5} />}
      {items !== undefined && <Entries items={items} />}
      {items?.length === 0 &&
        (isFiltered ? (
          <NoMatch what="connections" clear={() => change(noFilter)} />
        ) : (
          <Empty title={only === 'open' ? 'No client is connected.' : 'No client has connected yet.'}>
            Connections appear here within seconds.
          </Empty>
        ))}
      {query.hasNextPage && (
        <div className="empty">
          <Button size="small" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Older connections
          </Button>
        </div>
      )}
    </Card>
  );
}

const tones: Readonly<Record<LogEntry['state'], Tone>> = {
  opening: 'info',
  open: 'ok',
  closed: 'off',
  failed: 'bad',
  denied: 'warn',
};
const words: Readonly<Record<LogEntry['state'], string>> = {
  opening: 'Opening',
  open: 'Open',
  closed: 'Closed',
  failed: 'Failed',
  denied: 'Denied',
};

/** With the port: one host usually has several connections. */
const addressOf = ({ client = 'the client', clientPort }: LogEntry) =>
  clientPort === undefined ? client : `${client.includes(':') ? `[${client}]` : client}:${clientPort}`;

const isOpen = ({ state }: LogEntry) => state === 'open' || state === 'opening';

const disconnect = (id: string) =>
  perform(POST('/api/v1/connection-log/{id}/disconnect', { params: { path: { id } } }));

const endColumn: Column<LogEntry> = {
  key: 'end',
  title: 'End',
  isAction: true,
  isEmpty: (entry) => !isOpen(entry),
  cell: (entry) =>
    isOpen(entry) && (
      <RevokeButton
        needs="operator"
        word="End"
        name={`the connection of ${addressOf(entry)}`}
        consequence="Both ends are reset at once. The client may connect again: to prevent that, revoke its grant, or remove its address from allow in gateway.yaml."
        send={() => disconnect(entry.id)}
        stale={[resource.connectionLog, resource.connections]}
      />
    ),
};

function Lasted({ entry }: { readonly entry: LogEntry }) {
  const { durationMs, startedAt } = entry;
  if (isOpen(entry)) return <Since at={startedAt} />;
  if (durationMs === undefined) return null;
  return durationMs < 1000 ? milliseconds(durationMs) : duration(durationMs);
}

function Entries({ items }: { readonly items: readonly LogEntry[] }) {
  if (items.length === 0) return null;
  return (
    <Table
      label="Connections of clients"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'started',
          title: 'Started',
          isMain: true,
          cell: ({ startedAt }) => <TimeOf at={startedAt} />,
        },
        {
          key: 'client',
          title: 'Client',
          cell: ({ client, clientPort, ingress, ingressKind, grant, subject, count }) => (
            <>
              <code>
                {client ?? 'many addresses'}
                {clientPort !== undefined && <span className="faint">:{clientPort}</span>}
              </code>
              {count > 1 && ` × ${count}`}
              {ingress !== undefined && (
                <div className="soft small break">
                  on {ingress}
                  {ingressKind !== undefined && ` (${ingressKind})`}
                </div>
              )}
              {grant !== undefined && <div className="soft small">grant {grant.name || grant.id}</div>}
              {subject !== undefined && <div className="soft small break">{subject}</div>}
            </>
          ),
        },
        {
          key: 'agent',
          title: 'Agent',
          isEmpty: ({ agent }) => agent === undefined,
          cell: ({ agent }) =>
            agent !== undefined && (
              <Link href={`/agents/${agent}`} className="nowrap">
                {agent}
              </Link>
            ),
        },
        {
          key: 'state',
          title: 'State',
          cell: ({ state, code, message, detail }) => (
            <>
              <Badge
                tone={code !== undefined && code !== 'ok' && state === 'closed' ? 'warn' : tones[state]}
                word={words[state]}
              />
              {code !== undefined && code !== 'ok' && (
                <div className="soft small break">
                  {message} {detail}
                </div>
              )}
            </>
          ),
        },
        {
          key: 'opened',
          title: 'Open took',
          isNumber: true,
          isEmpty: ({ openMs }) => openMs === undefined,
          cell: ({ openMs }) => (openMs === undefined ? '' : milliseconds(openMs)),
        },
        {
          key: 'lasted',
          title: items.every(isOpen) ? 'Open for' : 'Lasted',
          isNumber: true,
          isEmpty: (entry) => entry.durationMs === undefined && !isOpen(entry),
          cell: (entry) => <Lasted entry={entry} />,
        },
        {
          key: 'up',
          title: 'From client',
          isNumber: true,
          cell: ({ bytesFromClient }) => bytes(bytesFromClient),
        },
        {
          key: 'down',
          title: 'To client',
          isNumber: true,
          cell: ({ bytesToClient }) => bytes(bytesToClient),
        },
        ...(items.some(isOpen) ? [endColumn] : []),
      ]}
    />
  );
}
