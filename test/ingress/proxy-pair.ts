import { type Pair, type PairOptions, startPair } from '../rig/pair.ts';

export type ProxyPairOptions = {
  /** Targets of the connections, by name: a port on 127.0.0.1, or a host and port. */
  readonly targets: PairOptions['targets'];
  /** The fields of each ingress in addition to `allow`. */
  readonly ingress: Readonly<Record<string, unknown>>;
  readonly gateway?: Readonly<Record<string, unknown>>;
  readonly agent?: PairOptions['agent'];
  readonly lookup?: PairOptions['lookup'];
};

/** Starts a pair with one agent, whose connections share one ingress port. */
export function startProxyPair({
  targets,
  ingress,
  gateway,
  agent,
  lookup,
}: ProxyPairOptions): Promise<Pair> {
  return startPair({
    targets,
    agents: { a1: 'dc1' },
    gateway: {
      connections: Object.keys(targets).map((name) => ({
        name,
        connector: name,
        pools: ['dc1'],
        ingress: [{ allow: ['127.0.0.0/8'], ...ingress }],
      })),
      ...gateway,
    },
    ...(agent && { agent }),
    ...(lookup && { lookup }),
  });
}

/** Creates a grant through the API. `label` is the grant without its prefix. */
export async function grantFor(
  pair: Pair,
  connections: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly grant: string; readonly label: string }> {
  const { id, grant } = await pair.api('POST /grants', { connections, ...more });
  return { id: String(id), grant: String(grant), label: String(grant).replace('pst_grant_', '') };
}
