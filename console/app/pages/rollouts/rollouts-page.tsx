import { Link } from 'wouter';
import { GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Rollout } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';
import { RolloutState } from './rollout-state.tsx';

/** What is being rolled out, and how earlier rollouts ended. */
export function RolloutsPage() {
  const listing = useListing<Rollout>([resource.rollouts, 'all'], (cursor) =>
    GET('/api/v1/rollouts', {
      params: { query: cursor === undefined ? {} : { cursor } },
      headers: inBackground,
    }),
  );
  return (
    <Page
      title="Rollouts"
      lead="A version goes to canaries first, then to one group after the other, and back if they do worse"
    >
      <Card isFlush>
        <Listing
          {...listing}
          what="the rollouts"
          empty={
            <Empty
              title="Nothing has been rolled out yet."
              action={<Link href="/config">Choose a version to roll out</Link>}
            >
              A pin reaches all agents of a pool at once. A rollout starts with a few of them.
            </Empty>
          }
        >
          {(items) => (
            <Table
              label="Rollouts"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                {
                  key: 'what',
                  title: 'Rollout',
                  isMain: true,
                  cell: ({ id, kind, version, pools }) => (
                    <Link href={`/rollouts/${id}`}>
                      <strong>
                        {kind === 'config' ? 'Configuration' : 'Software'} {version}
                      </strong>{' '}
                      to {pools.join(', ')}
                    </Link>
                  ),
                },
                { key: 'state', title: 'State', cell: (rollout) => <RolloutState rollout={rollout} /> },
                {
                  key: 'waits',
                  title: 'Waits for',
                  isEmpty: ({ waitsFor, reason }) => waitsFor === undefined && reason === undefined,
                  cell: ({ waitsFor, reason }) => waitsFor ?? reason ?? '',
                },
                { key: 'by', title: 'Created by', cell: ({ createdBy }) => <Actor actor={createdBy} /> },
                { key: 'created', title: 'Created', cell: ({ createdAt }) => <Age at={createdAt} /> },
                { key: 'updated', title: 'Changed', cell: ({ updatedAt }) => <Age at={updatedAt} /> },
              ]}
            />
          )}
        </Listing>
      </Card>
    </Page>
  );
}
