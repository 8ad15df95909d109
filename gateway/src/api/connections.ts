import Type from 'typebox';
import { problems } from './schema.ts';
import type { TypedApp } from './typed-app.ts';

/** What the gateway knows of a connection of its file. */
export type ConnectionView = {
  readonly name: string;
  readonly connector: string;
  /** In order of preference. */
  readonly pools: readonly string[];
  /** As bound, not as written: port 0 is told as what it became. Empty while no ingress is open. */
  readonly ingress: readonly { readonly address: string; readonly port: number }[];
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
  pools: Type.Array(Type.String()),
  ingress: Type.Array(Type.Object({ address: Type.String(), port: Type.Integer() })),
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
        .map((view) => ({ ...view, pools: [...view.pools], ingress: [...view.ingress] }))
        .sort((one, other) => one.name.localeCompare(other.name)),
    }),
  );
}
