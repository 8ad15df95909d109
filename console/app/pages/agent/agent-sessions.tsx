import type { Agent } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { milliseconds } from '../../time/format.ts';
import { useSessions } from './agent-api.ts';

export function AgentSessions({ agent }: { readonly agent: Agent }) {
  const query = useSessions(agent.name);
  return (
    <>
      <Card title="Sessions" isFlush>
        <Loaded query={query} what="the sessions">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No session is open." command="penstock-agent doctor">
                The agent opens its sessions itself. On its host, the doctor says why it cannot.
              </Empty>
            ) : (
              <Table
                label="Sessions"
                rows={items}
                keyOf={({ slot, since }) => `${slot} ${since}`}
                columns={[
                  {
                    key: 'slot',
                    title: 'Session',
                    isMain: true,
                    cell: ({ slot }) => <strong>{slot}</strong>,
                  },
                  {
                    key: 'state',
                    title: 'State',
                    cell: ({ state }) => (
                      <Badge
                        tone={state === 'ready' ? 'ok' : 'info'}
                        word={state === 'ready' ? 'Ready' : 'Draining'}
                      />
                    ),
                  },
                  { key: 'address', title: 'From', cell: ({ address }) => <code>{address}</code> },
                  { key: 'since', title: 'Open since', cell: ({ since }) => <Age at={since} /> },
                  {
                    key: 'trip',
                    title: 'Round trip',
                    isNumber: true,
                    isEmpty: ({ roundTripMs }) => roundTripMs === undefined,
                    cell: ({ roundTripMs }) => (roundTripMs === undefined ? '' : milliseconds(roundTripMs)),
                  },
                  { key: 'streams', title: 'Streams', isNumber: true, cell: ({ streams }) => streams.open },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      <Card title="Processes with this identity" isFlush>
        {agent.boots.length === 0 ? (
          <Empty title="No process is connected." />
        ) : (
          <Table
            label="Processes"
            rows={agent.boots}
            keyOf={({ id }) => id}
            columns={[
              { key: 'id', title: 'Boot', isMain: true, cell: ({ id }) => <code>{id}</code> },
              { key: 'address', title: 'From', cell: ({ address }) => <code>{address}</code> },
              { key: 'since', title: 'First seen', cell: ({ since }) => <Age at={since} /> },
              { key: 'sessions', title: 'Sessions', isNumber: true, cell: ({ sessions }) => sessions },
            ]}
          />
        )}
      </Card>
    </>
  );
}
