import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { Card } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { Table } from '../../parts/table.tsx';
import { duration } from '../../time/format.ts';

/** Which conditions fire, and who hears of them. */
export function AlertRules() {
  const query = useQuery({
    queryKey: [resource.alerts, 'rules'],
    queryFn: () => ask(GET('/api/v1/alert-rules', { headers: inBackground })),
  });
  return (
    <Card isFlush title="Rules" aside="From gateway.yaml">
      <Loaded query={query} what="the rules">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="There are no rules, so nothing fires.">
              Add <code>alerts</code> to gateway.yaml, and reload the gateway.
            </Empty>
          ) : (
            <Table
              label="Rules"
              rows={items}
              keyOf={({ condition }) => condition}
              columns={[
                {
                  key: 'condition',
                  title: 'Condition',
                  isMain: true,
                  cell: ({ condition, message }) => (
                    <>
                      <code>{condition}</code> <span className="soft">{message}</span>
                    </>
                  ),
                },
                {
                  key: 'for',
                  title: 'For at least',
                  cell: ({ forMs }) => (forMs === 0 ? 'at once' : duration(forMs)),
                },
                {
                  key: 'receivers',
                  title: 'Receivers',
                  cell: ({ receivers }) => receivers.join(', ') || <span className="faint">nobody</span>,
                },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
