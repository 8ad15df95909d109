import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground, POST, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import { RoleButton } from '../../parts/button.tsx';
import { Card } from '../../parts/page.tsx';
import { Empty, Loaded } from '../../parts/query-states.tsx';
import { Table } from '../../parts/table.tsx';
import { useAction } from '../../parts/use-action.ts';

const testReceiver = (name: string) =>
  perform(POST('/api/v1/receivers/{name}/test', { params: { path: { name } } }));

/** Who is notified, and whether notifications arrive. */
export function Receivers() {
  const query = useQuery({
    queryKey: [resource.receivers],
    queryFn: () => ask(GET('/api/v1/receivers', { headers: inBackground })),
  });
  const { run, isBusy } = useAction(testReceiver, {
    stale: [resource.receivers],
    done: (_data, name) => `A test was sent to ${name}.`,
    failed: 'The test was not delivered.',
  });
  return (
    <Card isFlush title="Receivers" aside="Notifications since the gateway started">
      <Loaded query={query} what="the receivers">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nobody is notified.">
              Add <code>receivers</code> and <code>alerts</code> to gateway.yaml, and reload the gateway.
            </Empty>
          ) : (
            <Table
              label="Receivers"
              rows={items}
              keyOf={({ name }) => name}
              columns={[
                { key: 'name', title: 'Receiver', isMain: true, cell: ({ name }) => <strong>{name}</strong> },
                { key: 'delivered', title: 'Delivered', isNumber: true, cell: ({ delivered }) => delivered },
                { key: 'pending', title: 'Pending', isNumber: true, cell: ({ pending }) => pending },
                { key: 'failed', title: 'Failed attempts', isNumber: true, cell: ({ failed }) => failed },
                { key: 'abandoned', title: 'Abandoned', isNumber: true, cell: ({ abandoned }) => abandoned },
                {
                  key: 'test',
                  title: 'Test',
                  isAction: true,
                  cell: ({ name }) => (
                    <RoleButton
                      needs="operator"
                      size="small"
                      isBusy={isBusy}
                      aria-label={`Send a test to ${name}`}
                      onClick={() => void run(name)}
                    >
                      Send a test
                    </RoleButton>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Card>
  );
}
