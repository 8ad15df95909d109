import { connectorKinds } from '@penstock/config-schema';
import Type, { type Static } from 'typebox';
import { problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

/** One way in, as bound and not as written: port 0 is told as what it became. */
const IngressResource = Type.Object({
  kind: Type.Enum(['tcp', 'sni', 'socks5', 'httpConnect']),
  address: Type.String(),
  port: Type.Integer(),
  host: Type.Optional(Type.String({ description: 'sni: the server name that clients ask for.' })),
  mode: Type.Optional(Type.Enum(['passthrough', 'terminate'])),
  grant: Type.Optional(Type.Enum(['required', 'none'])),
  tls: Type.Optional(Type.Enum(['on', 'off'])),
});
export type IngressView = Readonly<Static<typeof IngressResource>>;

/** What the gateway knows of a connection of its file. */
export type ConnectionView = {
  readonly name: string;
  readonly connector: string;
  readonly kind?: (typeof connectorKinds)[number] | undefined;
  /** In order of preference. */
  readonly pools: readonly string[];
  /** Those that are open. */
  readonly ingress: readonly IngressView[];
  /** Client connections now, and of them those that wait for an agent. */
  readonly open: number;
  readonly waiting: number;
  /** Since the gateway started. */
  readonly openedTotal: number;
  readonly failedTotal: number;
};

const ConnectionResource = Type.Object({
  name: Type.String(),
  connector: Type.String(),
  kind: Type.Optional(Type.Enum([...connectorKinds])),
  pools: Type.Array(Type.String()),
  ingress: Type.Array(IngressResource),
  open: Type.Integer(),
  waiting: Type.Integer(),
  openedTotal: Type.Integer(),
  failedTotal: Type.Integer(),
});

const ConnectionList = Type.Object({ items: Type.Array(ConnectionResource) });

/** /connections: the routes of gateway.yaml. A file has few, so they come on one page. */
export function connectionRoutes(app: TypedApp, connections: () => readonly ConnectionView[]): void {
  app.get(
    '/connections',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Connections by name',
        tags: ['connections'],
        response: { 200: ConnectionList, ...problems },
      },
    },
    async () => ({
      items: connections()
        .map(({ kind, ...view }) => ({
          ...view,
          ...(kind !== undefined && { kind }),
          pools: [...view.pools],
          ingress: [...view.ingress],
        }))
        .sort((one, other) => one.name.localeCompare(other.name)),
    }),
  );
}
