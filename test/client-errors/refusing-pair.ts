import type { ConnectorKind } from '@penstock/config-schema';
import { type Pair, startPair } from '../rig/pair.ts';
import { unusedPort } from '../rig/unused-port.ts';

/** Connections of a refusing pair, by their names, which are their kinds. */
export const REPORTED_KINDS = ['postgresql', 'mysql', 'sqlserver', 'mongodb', 'redis', 'http'] as const;

export type RefusingOptions = {
  readonly kinds?: readonly ConnectorKind[];
  /** Merged over each connection. */
  readonly connection?: Readonly<Record<string, unknown>>;
  /** Merged over the gateway's file. */
  readonly gateway?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
};

/** A pair with a connection for each kind, whose targets all refuse. Only the agent knows the kinds. */
export async function startRefusingPair({
  kinds = REPORTED_KINDS,
  connection = {},
  gateway = {},
  environment = {},
}: RefusingOptions = {}): Promise<Pair> {
  const port = await unusedPort();
  return startPair({
    targets: Object.fromEntries(kinds.map((kind) => [kind, port])),
    agents: { a1: 'dc1' },
    environment,
    gateway: {
      connections: kinds.map((kind) => ({
        name: kind,
        connector: kind,
        pools: ['dc1'],
        ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
        ...connection,
      })),
      ...gateway,
    },
    agent: { connectors: kinds.map((kind) => ({ name: kind, kind, address: `127.0.0.1:${port}` })) },
  });
}

/** The sentence of a target that refuses, without the way each protocol frames it. */
export const REFUSED = /The target refused the connection\./;
