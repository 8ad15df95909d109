import type { AuditEntry } from '../../api/types.ts';
import { Actor } from '../../parts/actor.tsx';
import { SubjectLink } from '../../parts/subject-link.tsx';
import { Table } from '../../parts/table.tsx';
import { TimeOf } from '../../parts/time.tsx';
import { subjectOf, summaryOf } from './audit-text.ts';

type Filter = { readonly actor?: string; readonly action?: string };

/** Entries of the audit trail, newest first. */
export function AuditEntries({
  items,
  onFilter,
}: {
  readonly items: readonly AuditEntry[];
  /** Called to show only entries like one of these. */
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
              className="link-plain nowrap mono"
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
