import { useMemo } from 'react';
import { clock } from '../../api/client.ts';
import { DownloadButton } from '../../parts/download-button.tsx';
import { FilterChip } from '../../parts/filter-chip.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty } from '../../parts/query-states.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { choiceField, textField } from '../../url/url-state.ts';
import { useUrlState } from '../../url/use-url-state.ts';
import { Listing } from '../access/listing.tsx';
import { AuditEntries } from './audit-entries.tsx';
import { type AuditFilter, useAudit } from './use-audit.ts';

const HOUR_MS = 3_600_000;
const periods = ['any', 'hour', 'day', 'week'] as const;
const lengths: Readonly<Record<(typeof periods)[number], number | undefined>> = {
  any: undefined,
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
};
const periodNames = { any: 'any time', hour: 'last hour', day: 'last day', week: 'last 7 days' } as const;

const fields = {
  text: textField(),
  actor: textField(),
  action: textField(),
  subject: textField(),
  period: choiceField(periods, 'any'),
};

/** The longest text that the gateway searches for. */
const MAX_TEXT_LENGTH = 64;

/** Who did what, when, and from where. */
export function AuditPage() {
  const [{ text, actor, action, subject, period }, change] = useUrlState(fields);
  // A moment that does not move, so that the pages of a listing belong together.
  const since = useMemo(() => {
    const length = lengths[period];
    return length === undefined ? undefined : new Date(clock.now() - length).toISOString();
  }, [period]);
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
            <label>
              When{' '}
              <select
                className="input-small"
                value={period}
                onChange={(event) => change({ period: event.target.value as 'any' })}
              >
                {periods.map((each) => (
                  <option key={each} value={each}>
                    {periodNames[each]}
                  </option>
                ))}
              </select>
            </label>
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
