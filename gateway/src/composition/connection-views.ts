import type { ConnectionView } from '@penstock/control-plane';
import type { Denials } from '../access/denials.ts';
import type { Elsewhere } from '../access/elsewhere.ts';
import type { ClientCounts } from '../ingress/clients.ts';
import type { Ingresses, OpenIngress } from '../ingress/ingresses.ts';
import type { RouteTable } from '../routing/route-table.ts';

/** Every connection of the configuration in force, with its open ingresses and client counts, for the API. */
export function connectionViews(
  routes: Pick<RouteTable, 'routes'>,
  ingresses: Pick<Ingresses, 'ingressesOf' | 'clients'>,
  denials: Pick<Denials, 'totalOf'>,
  elsewhere: Pick<Elsewhere, 'clientsOf'>,
): ConnectionView[] {
  return [...routes.routes].map(({ name, connector, kind, pools }) => ({
    name,
    connector,
    kind,
    pools,
    ingress: ingresses.ingressesOf(name).map(ingressView),
    ...withOthers(ingresses.clients.countsOf(name), elsewhere.clientsOf(name)),
    deniedTotal: denials.totalOf(name),
  }));
}

/** Everything but `open` is of this gateway. */
const withOthers = (counts: ClientCounts, clients: number): ClientCounts => ({
  ...counts,
  open: counts.open + clients,
});

function ingressView({
  ingress,
  address: { address, port },
}: OpenIngress): ConnectionView['ingress'][number] {
  const { kind } = ingress;
  switch (kind) {
    case 'tcp':
      return { kind, address, port };
    case 'sni':
      return { kind, address, port, host: ingress.host, mode: ingress.mode };
    case 'socks5':
      return { kind, address, port, grant: ingress.grant };
    case 'httpConnect':
      return { kind, address, port, grant: ingress.grant, tls: ingress.tls };
  }
}
