import { GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AuditEntry } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { SubjectLink } from '../../parts/subject-link.tsx';
import { Table } from '../../parts/table.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';

const fields = { actor: textField(), action: textField(), subject: textField() };

/** Who did what, when, and from where. */
export function AuditPage() {
  const [{ actor, action, subject }, change] = useUrlState(fields);
  const filter = {
    ...(actor !== '' && { actor }),
    ...(action !== '' && { action }),
    ...(subject !== '' && { subject }),
  };
  const listing = useListing<AuditEntry>([resource.audit, filter], (cursor) =>
    GET('/api/v1/audit', {
      params: { query: { ...filter, ...(cursor !== undefined && { cursor }) } },
      headers: inBackground,
    }),
  );
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Page title="Audit" lead="Every change, with who made it and the values before and after">
      <Card isFlush>
        <form
          className="card-head"
          onSubmit={(event) => {
            event.preventDefault();
            const data = new FormData(event.currentTarget);
            const text = (name: string) => String(data.get(name) ?? '').trim();
            change({ actor: text('actor'), action: text('action'), subject: text('subject') }, 'push');
          }}
        >
          <search className="filters">
            <input
              key={`actor ${actor}`}
              className="input"
              type="search"
              name="actor"
              aria-label="Actor"
              placeholder="Actor: admin-token:…"
              defaultValue={actor}
            />
            <input
              key={`action ${action}`}
              className="input"
              type="search"
              name="action"
              aria-label="Action"
              placeholder="Action: agent.revoke"
              defaultValue={action}
            />
            <input
              key={`subject ${subject}`}
              className="input"
              type="search"
              name="subject"
              aria-label="Subject"
              placeholder="Subject: agent:dc1-h3"
              defaultValue={subject}
            />
            <button type="submit" className="button">
              Filter
            </button>
            {isFiltered && (
              <button
                type="button"
                className="button button-quiet"
                onClick={() => change({ actor: '', action: '', subject: '' })}
              >
                Clear
              </button>
            )}
          </search>
        </form>
        <Listing
          {...listing}
          what="the audit trail"
          empty={
            <Empty title={isFiltered ? 'No entry matches.' : 'Nothing has been changed yet.'}>
              {isFiltered && 'Actor, action and subject must match exactly.'}
            </Empty>
          }
        >
          {(items) => <Entries items={items} onFilter={(next) => change(next, 'push')} />}
        </Listing>
      </Card>
    </Page>
  );
}

type Filter = { readonly actor?: string; readonly action?: string };

function Entries({
  items,
  onFilter,
}: {
  readonly items: readonly AuditEntry[];
  readonly onFilter: (filter: Filter) => void;
}) {
  return (
    <Table
      label="Audit trail"
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        { key: 'at', title: 'Time', isMain: true, cell: ({ at }) => <TimeOf at={at} /> },
        {
          key: 'action',
          title: 'Action',
          cell: ({ action }) => (
            <button
              type="button"
              className="link-plain"
              title="Only this action"
              onClick={() => onFilter({ action })}
            >
              {action}
            </button>
          ),
        },
        { key: 'subject', title: 'Subject', cell: (entry) => <SubjectLink subject={subjectOf(entry)} /> },
        {
          key: 'actor',
          title: 'By',
          cell: ({ actor, address }) => (
            <>
              <button
                type="button"
                className="link-plain"
                title="Only this actor"
                onClick={() => onFilter({ actor })}
              >
                <Actor actor={actor} />
              </button>
              {address !== undefined && <div className="faint small">from {address}</div>}
            </>
          ),
        },
        {
          key: 'change',
          title: 'Change',
          isEmpty: ({ before, after }) => before === undefined && after === undefined,
          cell: ({ before, after }) =>
            (before !== undefined || after !== undefined) && (
              <details>
                <summary className="audit-summary soft">{summaryOf(after ?? before)}</summary>
                <pre className="audit-values">{JSON.stringify({ before, after }, undefined, 2)}</pre>
              </details>
            ),
        },
      ]}
    />
  );
}

/** Agents by their name, where the entry has it: an id says nothing to people. */
function subjectOf({ subject, after, before }: AuditEntry): string {
  const { name } = (after ?? before ?? {}) as { readonly name?: unknown };
  return subject.startsWith('agent:') && typeof name === 'string' ? `agent:${name}` : subject;
}

const MAX_SUMMARY_LENGTH = 90;

function summaryOf(value: unknown): string {
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  const text = entries
    .map(([key, each]) => `${key}: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(', ');
  return text.length > MAX_SUMMARY_LENGTH ? `${text.slice(0, MAX_SUMMARY_LENGTH)}…` : text || 'values';
}
