import type { AgentMessageOf } from '@penstock/wire';
import { hostPortText } from '../routing/host-port-text.ts';

/** A connector as its agent announced it. */
export type OfferedConnector = {
  readonly kind: string;
  /**
   * The agent's spelling of each address, keyed by the form of `hostPortText`: first the address of the target, then
   * those it may redirect its clients to.
   */
  readonly addresses: ReadonlyMap<string, string>;
};

/** The announced connectors by name. */
export function offeredConnectors(
  connectors: AgentMessageOf<'hello'>['connectors'],
): ReadonlyMap<string, OfferedConnector> {
  return new Map(
    connectors.map(({ name, kind, addresses = [] }) => [
      name,
      { kind, addresses: new Map(addresses.map((address) => [canonicalAddress(address), address])) },
    ]),
  );
}

function canonicalAddress(address: string): string {
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(address) ?? [];
  return hostPortText(bracketed ?? plain, Number(port));
}
