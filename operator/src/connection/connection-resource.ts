import { connectorKinds } from '@penstock/config-schema';
import Type, { type Static } from 'typebox';

/** What the API says of a connection. */
export const Connection = Type.Object({
  name: Type.String(),
  connector: Type.String(),
  kind: Type.Optional(Type.Enum([...connectorKinds])),
  pools: Type.Array(Type.String()),
  ingress: Type.Array(
    Type.Object({
      kind: Type.Enum(['tcp', 'sni', 'socks5', 'httpConnect']),
      address: Type.String(),
      port: Type.Integer(),
      host: Type.Optional(Type.String()),
      mode: Type.Optional(Type.Enum(['passthrough', 'terminate'])),
      grant: Type.Optional(Type.Enum(['required', 'none'])),
      tls: Type.Optional(Type.Enum(['on', 'off'])),
    }),
  ),
  open: Type.Integer(),
  waiting: Type.Integer(),
  openedTotal: Type.Integer(),
  failedTotal: Type.Integer(),
});
export type Connection = Static<typeof Connection>;
