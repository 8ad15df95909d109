import { useQuery } from '@tanstack/react-query';
import { ask, DELETE, GET, inBackground, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { useSession } from '../../frame/session-context.tsx';
import { Card } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query-states.tsx';
import { Badge } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { RevokeButton } from './revoke-button.tsx';

const end = (id: string) => perform(DELETE('/api/v1/console-sessions/{id}', { params: { path: { id } } }));

export function ConsoleSessions() {
  const { id: own } = useSession();
  const query = useQuery({
    queryKey: [resource.consoleSessions],
    queryFn: () => ask(GET('/api/v1/console-sessions', { headers: inBackground })),
  });
  return (
    <Card isFlush title="Console sessions" aside="12 hours at most, 2 hours without use">
      <Loaded query={query} what="the sessions">
        {({ items }) => (
          <Table
            label="Console sessions"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              {
                key: 'name',
                title: 'Who',
                isMain: true,
                cell: ({ id, name, actor }) => (
                  <>
                    <strong>{name || actor}</strong> {id === own && <Badge tone="info" word="This one" />}
                  </>
                ),
              },
              { key: 'role', title: 'Role', cell: ({ role }) => role },
              { key: 'address', title: 'From', cell: ({ address }) => <code>{address}</code> },
              { key: 'created', title: 'Signed in', cell: ({ createdAt }) => <Age at={createdAt} /> },
              { key: 'seen', title: 'Last used', cell: ({ seenAt }) => <Age at={seenAt} /> },
              { key: 'ends', title: 'Ends', cell: ({ expiresAt }) => <Age at={expiresAt} /> },
              {
                key: 'end',
                title: 'End',
                isAction: true,
                cell: ({ id, name, actor }) => (
                  <RevokeButton
                    needs="viewer"
                    word="End"
                    name={`the session of ${name || actor}`}
                    consequence={
                      id === own
                        ? 'This is the session of this page: you will have to sign in again.'
                        : 'Its pages ask to sign in again.'
                    }
                    send={() => end(id)}
                    stale={[resource.consoleSessions]}
                  />
                ),
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
