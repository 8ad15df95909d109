import { Link } from 'wouter';
import type { Rollout } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { RolloutState } from './rollout-state.tsx';

export function RolloutTable({ items }: { readonly items: readonly Rollout[] }) {
  return (
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
  );
}
