import { formatHostPort, type GatewayConfig } from '@penstock/config-schema';
import { AllowList } from './allow-list.ts';

/** Whether one ingress of a connection admits a source address. */
export type SourceAccess = {
  readonly kind: string;
  /** As in gateway.yaml. */
  readonly listen: string;
  /** The server name, for an ingress of kind sni. */
  readonly host: string | undefined;
  /** The range of the allow list that has the address; undefined if none has it. */
  readonly range: string | undefined;
  readonly allow: readonly string[];
  /** Whether a client needs a grant as well. */
  readonly needsGrant: boolean;
};

/** Checks a source address against every ingress of a connection, as a client from there would be. */
export function sourceAccess(
  { ingress }: Pick<GatewayConfig['connections'][number], 'ingress'>,
  address: string,
): readonly SourceAccess[] {
  return ingress.map((each) => ({
    kind: each.kind,
    listen: formatHostPort(each.listen),
    host: each.kind === 'sni' ? each.host : undefined,
    range: new AllowList(each.allow).rangeOf(address),
    allow: each.allow,
    needsGrant: (each.kind === 'socks5' || each.kind === 'httpConnect') && each.grant !== 'none',
  }));
}
