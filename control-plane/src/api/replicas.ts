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
  /** Sessions that accept opens, and the agents that have them. */
  readonly sessions: number;
  readonly agents: number;
  /** Sessions in percent of the mean of all replicas that take any; undefined for one that does not. */
  readonly loadPercent?: number;
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
      const own = all.find(({ isSelf }) => isSelf);
      return {
        items: all.map(({ isSelf, startedAt, ...view }) => ({
          ...view,
          self: isSelf,
          drifted: own !== undefined && isDrifted(view, own),
          since: timestamp(startedAt),
        })),
      };
    },
  );
}

type Compared = Pick<ReplicaView, 'version' | 'configDigest'>;

/** What goes into the digest depends on the version: those of two versions differ during every upgrade. */
const isDrifted = (one: Compared, own: Compared) =>
  one.version === own.version && one.configDigest !== own.configDigest;
