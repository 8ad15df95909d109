import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AlertEntry, NewSilence } from '../../api/types.ts';
import { Button, RoleButton } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { remedyFor } from '../../parts/remedy.ts';
import { Badge } from '../../parts/state.tsx';
import { namesIn } from '../../parts/subject.ts';
import { SubjectLink } from '../../parts/subject-link.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Age, TimeOf } from '../../parts/time.tsx';
import { Listing } from '../access/listing.tsx';
import { useListing } from '../access/use-listing.ts';
import { AlertRules } from './alert-rules.tsx';
import { NewSilenceDialog } from './new-silence-dialog.tsx';
import { Receivers } from './receivers.tsx';
import { Silences } from './silences.tsx';

/** What is firing, who has been told, and what fired before. */
export function AlertsPage() {
  const [opened, setOpened] = useState<string>();
  const [silencing, setSilencing] = useState<AlertEntry>();
  const firing = useQuery({
    queryKey: [resource.alerts, 'firing'],
    queryFn: () =>
      ask(GET('/api/v1/alerts', { params: { query: { state: 'firing' } }, headers: inBackground })),
  });
  const history = useListing<AlertEntry>([resource.alerts, 'all'], (cursor) =>
    GET('/api/v1/alerts', {
      params: { query: cursor === undefined ? {} : { cursor } },
      headers: inBackground,
    }),
  );
  return (
    <Page title="Alerts">
      <Card isFlush title="Firing">
        <Loaded query={firing} what="the alerts">
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nothing is firing.">
                The rules under <code>alerts</code> in gateway.yaml decide what fires. What needs attention
                without a rule is on the <Link href="/fleet">fleet page</Link>.
              </Empty>
            ) : (
              <AlertTable label="Firing alerts" items={items} onOpen={setOpened} onSilence={setSilencing} />
            )
          }
        </Loaded>
      </Card>
      <Silences />
      <Receivers />
      <AlertRules />
      <Card isFlush title="Earlier alerts">
        <Listing
          query={history.query}
          items={history.items?.filter(({ state }) => state === 'resolved')}
          what="earlier alerts"
          empty={<Empty title="No alert has been resolved yet." />}
        >
          {(items) => <AlertTable isHistory label="Earlier alerts" items={items} onOpen={setOpened} />}
        </Listing>
      </Card>
      {opened !== undefined && <AlertDialog id={opened} onClose={() => setOpened(undefined)} />}
      {silencing !== undefined && (
        <NewSilenceDialog
          condition={silencing.condition as NewSilence['condition']}
          subject={silencing.subject}
          onClose={() => setSilencing(undefined)}
        />
      )}
    </Page>
  );
}

const resolvedColumn: Column<AlertEntry> = {
  key: 'resolved',
  title: 'Resolved',
  isEmpty: ({ resolvedAt }) => resolvedAt === undefined,
  cell: ({ resolvedAt }) => resolvedAt !== undefined && <TimeOf at={resolvedAt} />,
};

function AlertTable({
  isHistory = false,
  label,
  items,
  onOpen,
  onSilence,
}: {
  readonly isHistory?: boolean;
  readonly label: string;
  readonly items: readonly AlertEntry[];
  readonly onOpen: (id: string) => void;
  /** Called to silence an alert that is firing. */
  readonly onSilence?: (alert: AlertEntry) => void;
}) {
  return (
    <Table
      label={label}
      rows={items}
      keyOf={({ id }) => id}
      columns={[
        {
          key: 'what',
          title: 'Alert',
          isMain: true,
          cell: ({ state, message, detail, silencedBy }) => (
            <>
              <Badge
                tone={state === 'firing' ? 'bad' : 'off'}
                word={state === 'firing' ? 'Firing' : 'Resolved'}
              />{' '}
              {silencedBy !== undefined && <Badge tone="info" word="Silenced" />} {message}
              <div className="soft small break">{detail}</div>
            </>
          ),
        },
        { key: 'subject', title: 'About', cell: ({ subject }) => <SubjectLink subject={subject} /> },
        {
          key: 'condition',
          title: 'Condition',
          cell: ({ condition }) => <code className="nowrap">{condition}</code>,
        },
        { key: 'since', title: 'Since', cell: ({ since }) => <Age at={since} /> },
        ...(isHistory ? [resolvedColumn] : []),
        {
          key: 'open',
          title: 'Details',
          isAction: true,
          cell: (alert) => (
            <span className="filters">
              <Button
                size="small"
                aria-label={`Who was notified: ${alert.message}`}
                onClick={() => onOpen(alert.id)}
              >
                Who was notified
              </Button>
              {onSilence !== undefined && (
                <RoleButton
                  needs="operator"
                  size="small"
                  aria-label={`Silence… ${alert.message}`}
                  unavailable={alert.silencedBy === undefined ? undefined : 'It is silenced already.'}
                  onClick={() => onSilence(alert)}
                >
                  Silence…
                </RoleButton>
              )}
            </span>
          ),
        },
      ]}
    />
  );
}

function AlertDialog({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const query = useQuery({
    queryKey: [resource.alerts, id],
    queryFn: () => ask(GET('/api/v1/alerts/{id}', { params: { path: { id } }, headers: inBackground })),
  });
  return (
    <Dialog title="Alert" isOpen onClose={onClose} width="wide">
      <Loaded query={query} what="the alert">
        {(alert) => (
          <>
            <p>
              <Badge
                tone={alert.state === 'firing' ? 'bad' : 'off'}
                word={alert.state === 'firing' ? 'Firing' : 'Resolved'}
              />{' '}
              {alert.message} <SubjectLink subject={alert.subject} />
            </p>
            <p className="mono break">{alert.detail}</p>
            <p>
              <strong>What to do:</strong> {alert.advice} <RemedyLink alert={alert} />
            </p>
            {alert.notifications.length === 0 ? (
              <p className="soft">
                No receiver was notified: no rule of gateway.yaml sends this condition to one yet.
              </p>
            ) : (
              <Table
                label="Notifications"
                rows={alert.notifications}
                keyOf={({ receiver, kind, createdAt }) => `${receiver} ${kind} ${createdAt}`}
                columns={[
                  {
                    key: 'receiver',
                    title: 'Receiver',
                    isMain: true,
                    cell: ({ receiver }) => <strong>{receiver}</strong>,
                  },
                  { key: 'kind', title: 'About', cell: ({ kind }) => kind },
                  {
                    key: 'state',
                    title: 'State',
                    cell: ({ state }) => (
                      <Badge
                        tone={state === 'delivered' ? 'ok' : state === 'pending' ? 'warn' : 'bad'}
                        word={state}
                      />
                    ),
                  },
                  { key: 'attempts', title: 'Attempts', isNumber: true, cell: ({ attempts }) => attempts },
                  {
                    key: 'error',
                    title: 'Last error',
                    isEmpty: ({ lastError }) => lastError === undefined,
                    cell: ({ lastError }) => <span className="break">{lastError}</span>,
                  },
                  { key: 'at', title: 'Created', cell: ({ createdAt }) => <Age at={createdAt} /> },
                ]}
              />
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function RemedyLink({ alert }: { readonly alert: { readonly condition: string; readonly subject: string } }) {
  const remedy = remedyFor(alert.condition, namesIn(alert.subject));
  return remedy !== undefined && <Link href={remedy.href}>{remedy.text}</Link>;
}
