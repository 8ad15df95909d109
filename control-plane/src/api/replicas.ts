import { problemResponses, ReplicaList } from '@penstock/api-schema';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

/** One gateway on this store. `startedAt` is milliseconds since 1970. */
export type ReplicaView = {
  readonly name: string;
  readonly epoch: string;
  readonly address: string;
  readonly version: string;
  readonly state: 'running' | 'draining' | 'expired';
  readonly isSelf: boolean;
  readonly link: 'self' | 'connected' | 'connecting';
  readonly configDigest: string;
  readonly sessions: number;
  readonly startedAt: number;
};

/** /replicas: the gateways that share this store. A gateway without `cluster` has none. */
export function replicaRoutes(app: TypedApp, replicas: () => readonly ReplicaView[]): void {
  app.get(
    '/replicas',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List the replicas by name',
        description: 'Empty for a gateway without `cluster` in its gateway.yaml.',
        tags: ['replicas'],
        response: { 200: ReplicaList, ...problemResponses },
      },
    },
    async () => {
      const all = replicas();
      const own = all.find(({ isSelf }) => isSelf)?.configDigest;
      return {
        items: all.map(({ isSelf, startedAt, ...view }) => ({
          ...view,
          self: isSelf,
          drifted: own !== undefined && view.configDigest !== own,
          since: timestamp(startedAt),
        })),
      };
    },
  );
}
