import { GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { StateChange } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { AgentStateBadge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { withShortDigests } from '../../time/format.ts';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';

/** How the state of an agent changed in the last 30 days. */
export function StateChanges({ agent }: { readonly agent: string }) {
  const listing = useListing<StateChange>([resource.history, 'states', agent], (cursor) =>
    GET('/api/v1/state-changes', {
      params: { query: { agent, limit: 50, ...(cursor !== undefined && { cursor }) } },
      headers: inBackground,
    }),
  );
  return (
    <Card isFlush title="State changes" aside="The last 30 days">
      <Listing
        {...listing}
        what="the changes of its state"
        empty={<Empty title="Its state has not changed since it is recorded." />}
      >
        {(items) => (
          <Table
            label="State changes"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              {
                key: 'at',
                title: 'Time',
                isMain: true,
                cell: ({ at }) => (
                  <>
                    <TimeOf at={at} />{' '}
                    <span className="faint small">
                      <Age at={at} />
                    </span>
                  </>
                ),
              },
              {
                key: 'before',
                title: 'Before',
                isEmpty: ({ before }) => before === undefined,
                cell: ({ before }) => before !== undefined && <AgentStateBadge state={before.state} />,
              },
              { key: 'state', title: 'After', cell: ({ state }) => <AgentStateBadge state={state} /> },
              {
                key: 'why',
                title: 'Why',
                cell: ({ message, detail, code }) => (
                  <>
                    {message} {code !== 'CONNECTED' && <code className="faint small">{code}</code>}
                    {detail !== undefined && (
                      <div className="soft small break">{withShortDigests(detail)}</div>
                    )}
                  </>
                ),
              },
            ]}
          />
        )}
      </Listing>
    </Card>
  );
}
