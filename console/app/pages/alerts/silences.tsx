import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, DELETE, GET, inBackground, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Silence } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { RoleButton } from '../../parts/button.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { RevokeButton } from '../access/revoke-button.tsx';
import { NewSilenceDialog } from './new-silence-dialog.tsx';

const end = (id: string) => perform(DELETE('/api/v1/silences/{id}', { params: { path: { id } } }));

/** What nobody is notified of for a while, and why. */
export function Silences() {
  const [isCreating, setCreating] = useState(false);
  const query = useQuery({
    queryKey: [resource.silences],
    queryFn: () =>
      ask(GET('/api/v1/silences', { params: { query: { state: 'active' } }, headers: inBackground })),
  });
  return (
    <Card
      isFlush
      title="Silences"
      aside={
        <RoleButton needs="operator" size="small" onClick={() => setCreating(true)}>
          Silence alerts…
        </RoleButton>
      }
    >
      <Loaded query={query} what="the silences">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing is silenced." />
          ) : (
            <Table label="Silences" rows={items} keyOf={({ id }) => id} columns={columns} />
          )
        }
      </Loaded>
      {isCreating && <NewSilenceDialog onClose={() => setCreating(false)} />}
    </Card>
  );
}

const scopeOf = ({ condition, subject, pool }: Silence) =>
  [condition, subject, pool !== undefined && `pool ${pool}`].filter(Boolean).join(', ') || 'All alerts';

const columns = [
  {
    key: 'what',
    title: 'Silenced',
    isMain: true,
    cell: (silence: Silence) => (
      <>
        <strong className="break">{scopeOf(silence)}</strong>
        <div className="soft break">{silence.comment}</div>
      </>
    ),
  },
  { key: 'ends', title: 'Ends', cell: ({ endsAt }: Silence) => <Age at={endsAt} /> },
  { key: 'by', title: 'By', cell: ({ createdBy }: Silence) => <Actor actor={createdBy} /> },
  {
    key: 'end',
    title: 'End',
    isAction: true,
    cell: (silence: Silence) => (
      <RevokeButton
        needs="operator"
        word="End"
        name={`the silence of ${scopeOf(silence)}`}
        consequence="Alerts that still fire are sent to their receivers now."
        send={() => end(silence.id)}
        stale={[resource.silences, resource.alerts]}
      />
    ),
  },
];
