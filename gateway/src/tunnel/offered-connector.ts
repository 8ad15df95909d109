import type { AgentMessageOf } from '@penstock/wire';

/** A connector as its agent tells it. */
export type OfferedConnector = {
  readonly kind: string;
  /** host:port in lower case: the target's own first, then those it may redirect its clients to. */
  readonly addresses: ReadonlySet<string>;
};

export function offeredConnectors(
  connectors: AgentMessageOf<'hello'>['connectors'],
): ReadonlyMap<string, OfferedConnector> {
  return new Map(
    connectors.map(({ name, kind, addresses = [] }) => [
      name,
      { kind, addresses: new Set(addresses.map((address) => address.toLowerCase())) },
    ]),
  );
}
