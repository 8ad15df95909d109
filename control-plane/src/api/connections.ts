import { ConnectionList, type IngressResource, problemResponses } from '@penstock/api-schema';
import type { ConnectorKind } from '@penstock/config-schema';
import type { TypedApp } from './typed-app.ts';

export type IngressView = Readonly<IngressResource>;

/** A connection of gateway.yaml and its counters. */
export type ConnectionView = {
  readonly name: string;
  readonly connector: string;
  readonly kind?: ConnectorKind | undefined;
  /** In order of preference. */
  readonly pools: readonly string[];
  /** Listeners that are open. */
  readonly ingress: readonly IngressView[];
  /** Current client connections, including those that are waiting for an agent. */
  readonly open: number;
  readonly waiting: number;
  /** Since the gateway started. */
  readonly openedTotal: number;
  readonly failedTotal: number;
  /** Clients that were denied before anything was opened for them. */
  readonly deniedTotal: number;
};

/** /connections: the connections of gateway.yaml. They always fit on one page. */
export function connectionRoutes(app: TypedApp, connections: () => readonly ConnectionView[]): void {
  app.get(
    '/connections',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List connections by name',
        tags: ['connections'],
        response: { 200: ConnectionList, ...problemResponses },
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
