import { connectorKinds } from '@penstock/config-schema/vocabulary';
import { type Static, Type } from '@penstock/json-schema';

/** Only characters that no driver requires to be escaped. */
const plain = (what: string, byDefault: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_.$-]{1,128}$', default: byDefault, description: what });

/** A host name or an IP address, without brackets. */
export const CLIENT_HOST_PATTERN = '^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$';

export const ConnectionStringQuery = Type.Object(
  {
    driver: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]{1,32}$',
        description: 'Only this driver, also if it is for another kind of connection.',
      }),
    ),
    host: Type.Optional(
      Type.String({
        pattern: CLIENT_HOST_PATTERN,
        description: 'Host by which clients reach the gateway. The default is the host of this request.',
      }),
    ),
    user: plain('Database user.', 'USER'),
    database: plain('Database or service name.', 'DATABASE'),
    target: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9:.\\[\\]-]{1,255}:[0-9]{1,5}$',
        description:
          'For proxies: address of the database in agent.yaml, such as `db.internal:5432`, to match its certificate.',
      }),
    ),
  },
  { additionalProperties: false },
);

const Kind = Type.Enum([...connectorKinds]);

/** A driver that can be used, or has to be chosen when the kind of the connection is not known. */
export const DriverResource = Type.Object({ name: Type.String(), title: Type.String(), kind: Kind });

export const ConnectionStringResource = Type.Object({
  driver: Type.String(),
  ingress: Type.Enum(['tcp', 'sni', 'socks5', 'httpConnect']),
  host: Type.String({ description: 'What clients connect to; for `sni`, the server name that they send.' }),
  port: Type.Integer(),
  mode: Type.Optional(Type.Enum(['passthrough', 'terminate'])),
  grant: Type.Optional(Type.Enum(['required', 'none'])),
  tls: Type.Optional(Type.Enum(['on', 'off'])),
  possible: Type.Boolean({ description: 'Whether the driver can use this ingress.' }),
  connect: Type.Optional(
    Type.String({ description: 'The string. It contains no secrets: insert the grant in place of `GRANT`.' }),
  ),
  also: Type.Optional(
    Type.Array(Type.String(), {
      description: 'What has to be set in addition: JVM options, variables, properties.',
    }),
  ),
  notes: Type.Optional(Type.Array(Type.Object({ id: Type.String(), text: Type.String() }))),
  reason: Type.Optional(
    Type.String({ description: 'Why the driver cannot use this ingress, and what to use instead.' }),
  ),
});
export type ConnectionStringResource = Static<typeof ConnectionStringResource>;

export const ConnectionStringList = Type.Object({
  connection: Type.String(),
  kind: Type.Optional(Kind),
  host: Type.String({ description: 'The host by which clients are assumed to reach the gateway.' }),
  drivers: Type.Array(DriverResource, {
    description: 'The drivers of `items`. All drivers, if there are none for the kind of the connection.',
  }),
  items: Type.Array(ConnectionStringResource, {
    description: 'Each driver with each ingress that is open.',
  }),
});
export type ConnectionStringList = Static<typeof ConnectionStringList>;
