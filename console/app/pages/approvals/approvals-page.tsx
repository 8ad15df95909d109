import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground, POST } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { Approval } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { RoleButton } from '../../parts/button.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { Badge, type Tone } from '../../parts/state.tsx';
import { SubjectLink } from '../../parts/subject-link.tsx';
import { Table } from '../../parts/table.tsx';
import { Age } from '../../parts/time.tsx';
import { useAction } from '../../parts/use-action.ts';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';

const decided = async <Data,>(answer: Promise<Data>) => ({ isPending: false, data: await answer }) as const;
const approve = (id: string) =>
  decided(ask(POST('/api/v1/approvals/{id}/approve', { params: { path: { id } } })));
const deny = (id: string) => decided(ask(POST('/api/v1/approvals/{id}/deny', { params: { path: { id } } })));

/** What waits for an admin, and what was decided. */
export function ApprovalsPage() {
  const pending = useQuery({
    queryKey: [resource.approvals, 'pending'],
    queryFn: () =>
      ask(GET('/api/v1/approvals', { params: { query: { state: 'pending' } }, headers: inBackground })),
  });
  const all = useListing<Approval>([resource.approvals, 'all'], (cursor) =>
    GET('/api/v1/approvals', {
      params: { query: cursor === undefined ? {} : { cursor } },
      headers: inBackground,
    }),
  );
  return (
    <Page title="Approvals">
      <Card isFlush title="Waiting for a decision">
        <Loaded query={pending} what="the approvals">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nothing waits for a decision.">
                <code>pools[].requireApproval</code> in gateway.yaml lists the actions that need one.
              </Empty>
            ) : (
              <Pending items={items} />
            )
          }
        </Loaded>
      </Card>
      <Card isFlush title="Decided">
        <Listing
          query={all.query}
          items={all.items?.filter(({ state }) => state !== 'pending')}
          what="earlier approvals"
          empty={<Empty title="Nothing has been decided yet." />}
        >
          {(items) => <Decided items={items} />}
        </Listing>
      </Card>
    </Page>
  );
}

function Pending({ items }: { readonly items: readonly Approval[] }) {
  const approved = useAction(approve, {
    stale: [resource.approvals, resource.agents, resource.agent, resource.pins],
    done: (data) => `Approved: ${data.outcome ?? 'the action is running'}.`,
    failed: 'It was not approved.',
  });
  const denied = useAction(deny, {
    stale: [resource.approvals],
    done: () => 'Denied.',
    failed: 'It was not denied.',
  });
  return (
    <Table
      label="Waiting for a decision"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'what',
          title: 'Action',
          isMain: true,
          cell: ({ action, subject, arguments: args }) => (
            <>
              <strong>{action}</strong> <SubjectLink subject={subject} />
              <Arguments value={args} />
            </>
          ),
        },
        {
          key: 'by',
          title: 'Requested by',
          cell: ({ requestedBy }) => <Actor actor={requestedBy} />,
        },
        { key: 'at', title: 'Requested', cell: ({ requestedAt }) => <Age at={requestedAt} /> },
        { key: 'expires', title: 'Expires', cell: ({ expiresAt }) => <Age at={expiresAt} /> },
        {
          key: 'decide',
          title: 'Decide',
          isAction: true,
          cell: ({ id, action, subject }) => (
            <span className="filters">
              <RoleButton
                needs="admin"
                size="small"
                kind="primary"
                isBusy={approved.isBusy}
                aria-label={`Approve ${action} of ${subject}`}
                onClick={() => void approved.run(id)}
              >
                Approve
              </RoleButton>
              <RoleButton
                needs="admin"
                size="small"
                isBusy={denied.isBusy}
                aria-label={`Deny ${action} of ${subject}`}
                onClick={() => void denied.run(id)}
              >
                Deny
              </RoleButton>
            </span>
          ),
        },
      ]}
    />
  );
}

function Arguments({ value }: { readonly value: unknown }) {
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  if (entries.length === 0) return null;
  return (
    <div className="soft small break">
      {entries
        .map(([key, each]) => `${key}: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
        .join(', ')}
    </div>
  );
}

const tones: Readonly<Record<Approval['state'], Tone>> = {
  pending: 'info',
  approved: 'info',
  denied: 'off',
  expired: 'off',
  done: 'ok',
  failed: 'bad',
};

function Decided({ items }: { readonly items: readonly Approval[] }) {
  return (
    <Table
      label="Decided"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'what',
          title: 'Action',
          isMain: true,
          cell: ({ action, subject }) => (
            <>
              <strong>{action}</strong> <SubjectLink subject={subject} />
            </>
          ),
        },
        { key: 'state', title: 'State', cell: ({ state }) => <Badge tone={tones[state]} word={state} /> },
        {
          key: 'outcome',
          title: 'Outcome',
          isEmpty: ({ outcome }) => outcome === undefined,
          cell: ({ outcome }) => outcome ?? '',
        },
        {
          key: 'by',
          title: 'Requested by',
          cell: ({ requestedBy }) => <Actor actor={requestedBy} />,
        },
        {
          key: 'decided',
          title: 'Decided',
          isEmpty: ({ decidedAt }) => decidedAt === undefined,
          cell: ({ decidedAt, decidedBy }) =>
            decidedAt !== undefined && (
              <>
                <Age at={decidedAt} /> {decidedBy !== undefined && <Actor actor={decidedBy} />}
              </>
            ),
        },
      ]}
    />
  );
}
