import type { AgentMessageOf } from '@penstock/wire';
import { hostPortText } from '../routing/host-port-text.ts';

/** A connector as its agent tells it. */
export type OfferedConnector = {
  readonly kind: string;
  /**
   * What the agent calls each address, by the address as `hostPortText` writes it: the target's own first, then those
   * that it may redirect its clients to.
   */
  readonly addresses: ReadonlyMap<string, string>;
};

export function offeredConnectors(
  connectors: AgentMessageOf<'hello'>['connectors'],
): ReadonlyMap<string, OfferedConnector> {
  return new Map(
    connectors.map(({ name, kind, addresses = [] }) => [
      name,
      { kind, addresses: new Map(addresses.map((address) => [canonical(address), address])) },
    ]),
  );
}

function canonical(address: string): string {
  const [, inBrackets, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(address) ?? [];
  return hostPortText(inBrackets ?? plain, Number(port));
}
