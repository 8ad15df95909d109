import { connectorKinds } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';
import { listOf } from './page.ts';

/** An ingress as bound: a configured port 0 is shown as the port that was assigned. */
export const IngressResource = Type.Object({
  kind: Type.Enum(['tcp', 'sni', 'socks5', 'httpConnect']),
  address: Type.String(),
  port: Type.Integer(),
  host: Type.Optional(Type.String({ description: '`sni` only: the server name that clients send.' })),
  mode: Type.Optional(Type.Enum(['passthrough', 'terminate'])),
  grant: Type.Optional(Type.Enum(['required', 'none'])),
  tls: Type.Optional(Type.Enum(['on', 'off'])),
});
export type IngressResource = Static<typeof IngressResource>;

export const ConnectionResource = Type.Object({
  name: Type.String(),
  connector: Type.String(),
  kind: Type.Optional(Type.Enum([...connectorKinds])),
  pools: Type.Array(Type.String(), { description: 'In order of preference.' }),
  ingress: Type.Array(IngressResource, { description: 'Only listeners that are open.' }),
  open: Type.Integer({ description: 'Current client connections, at all replicas together.' }),
  waiting: Type.Integer({
    description: 'How many of those at the replica that answers are waiting for an agent.',
  }),
  openedTotal: Type.Integer({ description: 'Since the replica that answers started.' }),
  failedTotal: Type.Integer({ description: 'Since the replica that answers started.' }),
  deniedTotal: Type.Integer({
    description:
      'Clients that were denied since the gateway started. Those of shared ingresses count only if their connection is known.',
  }),
});
export type ConnectionResource = Static<typeof ConnectionResource>;

export const ConnectionList = listOf(ConnectionResource);
