import { Link } from 'wouter';
import { GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Rollout } from '../../api/types.ts';
import { Card, Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';
import { RolloutTable } from './rollout-table.tsx';

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
          {(items) => <RolloutTable items={items} />}
        </Listing>
      </Card>
    </Page>
  );
}
