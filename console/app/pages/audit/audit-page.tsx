import { DownloadButton } from '../../parts/download-button.tsx';
import { FilterChip } from '../../parts/filter-chip.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { PeriodSelect, periodField, useSince } from '../../parts/period.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { Listing } from '../access/listing.tsx';
import { AuditEntries } from './audit-entries.tsx';
import { type AuditFilter, useAudit } from './use-audit.ts';

const fields = {
  text: textField(),
  actor: textField(),
  action: textField(),
  subject: textField(),
  period: periodField,
};

/** The longest text that the gateway searches for. */
const MAX_TEXT_LENGTH = 64;

/** Who did what, when, and from where. */
export function AuditPage() {
  const [{ text, actor, action, subject, period }, change] = useUrlState(fields);
  const since = useSince(period);
  const wanted = text.trim().slice(0, MAX_TEXT_LENGTH);
  const filter: AuditFilter = {
    ...(wanted !== '' && { text: wanted }),
    ...(actor !== '' && { actor }),
    ...(action !== '' && { action }),
    ...(subject !== '' && { subject }),
    ...(since !== undefined && { since }),
  };
  const listing = useAudit(filter);
  const isFiltered = Object.keys(filter).length > 0;
  const csv = new URLSearchParams({ ...filter, format: 'csv', limit: '500' });
  return (
    <Page title="Audit" lead="Every change, with who made it and the values before and after">
      <Card isFlush>
        <div className="card-head">
          <search className="filters">
            <SearchField
              label="Search actions, subjects, actors, and values"
              placeholder="Search: revoke, dc1-h3, …"
              value={text}
              onChange={(next) => change({ text: next })}
            />
            <PeriodSelect value={period} onChange={(next) => change({ period: next })} />
            <FilterChip value={action} onClear={() => change({ action: '' })} />
            <FilterChip value={actor} onClear={() => change({ actor: '' })} />
            <FilterChip value={subject} onClear={() => change({ subject: '' })} />
            {isFiltered && (
              <button
                type="button"
                className="button button-quiet button-small"
                onClick={() => change({ text: '', actor: '', action: '', subject: '', period: 'any' })}
              >
                Clear filters
              </button>
            )}
          </search>
          <DownloadButton path={`/api/v1/audit?${csv}`} file="penstock-audit.csv">
            Download CSV
          </DownloadButton>
        </div>
        <Listing
          {...listing}
          what="the audit trail"
          empty={<Empty title={isFiltered ? 'No entry matches.' : 'Nothing has been changed yet.'} />}
        >
          {(items) => <AuditEntries items={items} onFilter={(next) => change(next, 'push')} />}
        </Listing>
      </Card>
    </Page>
  );
}
